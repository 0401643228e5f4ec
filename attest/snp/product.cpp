#include "attest/snp/product.hpp"

#include <array>
#include <utility>

namespace immure::attest::snp {
namespace {

constexpr std::array<std::pair<std::string_view, Product>, 5> certificate_names{{
    {"Milan", Product::milan},
    {"Genoa", Product::genoa},
    {"Bergamo", Product::genoa},
    {"Siena", Product::genoa},
    {"Turin", Product::turin},
}};

}  // namespace

std::string_view name_of(Product product) {
  switch (product) {
    case Product::milan:
      return "milan";
    case Product::genoa:
      return "genoa";
    case Product::turin:
      return "turin";
  }
  return "";
}

std::optional<Product> product_named(std::string_view lower_case_name) {
  for (const auto product : {Product::milan, Product::genoa, Product::turin}) {
    if (name_of(product) == lower_case_name) return product;
  }
  return std::nullopt;
}

std::optional<Product> product_of_cpu(std::uint8_t family, std::uint8_t model) {
  if (family == 0x19 && model <= 0x0f) return Product::milan;
  if (family == 0x19 && ((model >= 0x10 && model <= 0x1f) || (model >= 0xa0 && model <= 0xaf))) {
    return Product::genoa;
  }
  if (family == 0x1a && model <= 0x11) return Product::turin;
  return std::nullopt;
}

std::optional<Product> product_of_certificate(std::string_view text) {
  const auto name = text.substr(0, text.find('-'));
  for (const auto& [known, product] : certificate_names) {
    if (name == known) return product;
  }
  return std::nullopt;
}

}  // namespace immure::attest::snp
