#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "attest/snp/product.hpp"
#include "base/result.hpp"

namespace immure::attest::snp {

/// TCB_VERSION as it is in a report: eight bytes whose places depend on the product.
using RawTcb = std::array<std::uint8_t, 8>;

/// The parts of the trusted computing base that have a security version number of their own.
enum class TcbPart : std::uint8_t { fmc, bootloader, tee, snp, microcode };
inline constexpr std::size_t tcb_part_count = 5;

std::string_view name_of(TcbPart part);
/// Turin's first part is the FMC; the others have none.
std::span<const TcbPart> tcb_parts_of(Product product);

/// Security version numbers by part. What a product does not have is 0.
class Tcb {
 public:
  /// An Error where a reserved byte is not zero.
  static Result<Tcb> decode(Product product, const RawTcb& raw);
  [[nodiscard]] RawTcb encode(Product product) const;

  [[nodiscard]] std::uint8_t get(TcbPart part) const { return parts_[static_cast<std::size_t>(part)]; }
  void set(TcbPart part, std::uint8_t value) { parts_[static_cast<std::size_t>(part)] = value; }

  /// The first part of `product` that is smaller here than in `minimum`. Numbers are compared part by part:
  /// as one number, a new microcode would hide an old bootloader.
  [[nodiscard]] std::optional<TcbPart> first_below(const Tcb& minimum) const;

  /// "bootloader 2, tee 0, snp 5, microcode 68".
  [[nodiscard]] std::string text(Product product) const;

  friend bool operator==(const Tcb&, const Tcb&) = default;

 private:
  std::array<std::uint8_t, tcb_part_count> parts_{};
};

}  // namespace immure::attest::snp
