#include "attest/snp/report.hpp"

#include <bit>
#include <cstring>

namespace immure::attest::snp {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint32_t ecdsa_p384_sha384 = 1;
constexpr std::uint64_t policy_bit_always_one = 1ULL << 17;

/// What a version leaves undefined.
struct Reserved {
  std::uint64_t policy;
  std::uint64_t platform_info;
};

std::optional<Reserved> reserved_in(std::uint32_t version) {
  switch (version) {
    case 2:
      return Reserved{.policy = ~0x1ff'ffffULL, .platform_info = ~0x1fULL};
    case 3:
      return Reserved{.policy = ~0x1ff'ffffULL, .platform_info = ~0x3fULL};
    case 5:  // Adds PAGE_SWAP_DISABLE (25) to the policy and TIO_EN (7) to the platform.
      return Reserved{.policy = ~0x3ff'ffffULL, .platform_info = ~0xbfULL};
    default:
      return std::nullopt;
  }
}

Result<void> require_zero(Bytes bytes, std::string_view where) {
  if (all_zero(bytes)) return {};
  return invalid("the reserved bytes at " + std::string(where) + " are not zero");
}

Result<void> check_reserved_bytes(const Report& report) {
  if (report.reserved_4c != 0) return invalid("the reserved bytes at 0x4c are not zero");
  IMMURE_TRY(require_zero(report.reserved_18b, "0x18b"));
  IMMURE_TRY(require_zero(std::array{report.reserved_1eb, report.reserved_1ef}, "0x1eb and 0x1ef"));
  IMMURE_TRY(require_zero(report.reserved_208, "0x208"));
  IMMURE_TRY(require_zero(report.reserved_330, "0x330, behind the signature,"));
  if (report.version < 3) {
    IMMURE_TRY(require_zero(std::array{report.cpu_family, report.cpu_model, report.cpu_stepping}, "0x188"));
  }
  if (report.version < 5 && (report.launch_mitigations != 0 || report.current_mitigations != 0)) {
    return invalid("the reserved bytes at 0x1f8 are not zero");
  }
  return {};
}

Result<void> check_bits(const Report& report, const Reserved& reserved) {
  if ((report.policy & reserved.policy) != 0) return invalid("a reserved bit of the guest policy is set");
  if ((report.policy & policy_bit_always_one) == 0) return invalid("bit 17 of the guest policy is not set");
  if ((report.platform_info & reserved.platform_info) != 0) {
    return invalid("a reserved bit of the platform information is set");
  }
  constexpr std::uint32_t key_info_bits = 0x1f;
  if ((report.key_info & ~key_info_bits) != 0) return invalid("a reserved bit of the key information is set");
  return {};
}

}  // namespace

Result<Report> parse_report(Bytes bytes) {
  if (bytes.size() != sizeof(Report)) {
    return invalid("a report has " + std::to_string(sizeof(Report)) + " bytes, this file has " +
                   std::to_string(bytes.size()));
  }
  Report report{};
  std::memcpy(&report, bytes.data(), sizeof report);
  const auto reserved = reserved_in(report.version);
  if (!reserved) {
    return invalid("version " + std::to_string(report.version) + " is not known; versions 2, 3 and 5 are");
  }
  if (report.signature_algorithm != ecdsa_p384_sha384) {
    return invalid("signature algorithm " + std::to_string(report.signature_algorithm) +
                   " is not known; 1 is, ECDSA P-384 with SHA-384");
  }
  IMMURE_TRY(check_bits(report, *reserved));
  IMMURE_TRY(check_reserved_bytes(report));
  return report;
}

Result<std::optional<Product>> product_of_report(const Report& report) {
  if (report.version < 3) return std::nullopt;
  const auto product = product_of_cpu(report.cpu_family, report.cpu_model);
  if (product) return product;
  return invalid("CPU family " + std::to_string(report.cpu_family) + " model " +
                 std::to_string(report.cpu_model) + " is no known product");
}

}  // namespace immure::attest::snp
