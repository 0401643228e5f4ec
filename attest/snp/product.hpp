#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace immure::attest::snp {

/// A processor family with a root key of its own. Bergamo and Siena are Genoa to AMD's key distribution.
enum class Product { milan, genoa, turin };

/// "milan".
std::string_view name_of(Product product);
std::optional<Product> product_named(std::string_view lower_case_name);

/// From CPUID family and model, base and extended parts summed (AMD 25481, Fn0000_0001_EAX).
std::optional<Product> product_of_cpu(std::uint8_t family, std::uint8_t model);

/// From the product name of a certificate: "Milan-B0", "Genoa", "Siena-A1".
std::optional<Product> product_of_certificate(std::string_view text);

}  // namespace immure::attest::snp
