#include "attest/snp/tcb.hpp"

#include <algorithm>

namespace immure::attest::snp {
namespace {

using enum TcbPart;

struct Place {
  TcbPart part;
  std::size_t byte;
};

// SEV-SNP Firmware ABI Specification (56860), 2.2, "TCB Version", Tables 3 and 4.
constexpr std::array milan_and_genoa{Place{bootloader, 0}, Place{tee, 1}, Place{snp, 6}, Place{microcode, 7}};
constexpr std::array turin{Place{fmc, 0}, Place{bootloader, 1}, Place{tee, 2}, Place{snp, 3},
                           Place{microcode, 7}};

constexpr std::array all_parts{fmc, bootloader, tee, snp, microcode};

std::span<const Place> places_of(Product product) {
  if (product == Product::turin) return turin;
  return milan_and_genoa;
}

}  // namespace

std::string_view name_of(TcbPart part) {
  switch (part) {
    case fmc:
      return "fmc";
    case bootloader:
      return "bootloader";
    case tee:
      return "tee";
    case snp:
      return "snp";
    case microcode:
      return "microcode";
  }
  return "";
}

std::span<const TcbPart> tcb_parts_of(Product product) {
  const std::span<const TcbPart> all(all_parts);
  return product == Product::turin ? all : all.subspan(1);
}

Result<Tcb> Tcb::decode(Product product, const RawTcb& raw) {
  Tcb out;
  auto rest = raw;
  for (const auto& [part, byte] : places_of(product))
    out.set(part, std::exchange(rest[byte], std::uint8_t{0}));
  if (!std::ranges::all_of(rest, [](std::uint8_t byte) { return byte == 0; })) {
    return invalid("a reserved byte is not zero");
  }
  return out;
}

RawTcb Tcb::encode(Product product) const {
  RawTcb raw{};
  for (const auto& [part, byte] : places_of(product)) raw[byte] = get(part);
  return raw;
}

std::optional<TcbPart> Tcb::first_below(const Tcb& minimum) const {
  for (const auto part : all_parts) {
    if (get(part) < minimum.get(part)) return part;
  }
  return std::nullopt;
}

std::string Tcb::text(Product product) const {
  std::string out;
  for (const auto part : tcb_parts_of(product)) {
    if (!out.empty()) out += ", ";
    out += std::string(name_of(part)) + " " + std::to_string(get(part));
  }
  return out;
}

}  // namespace immure::attest::snp
