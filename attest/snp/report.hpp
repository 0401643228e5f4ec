#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "attest/crypto/amd_signature.hpp"
#include "attest/crypto/bytes.hpp"
#include "attest/snp/product.hpp"
#include "attest/snp/tcb.hpp"
#include "base/result.hpp"

namespace immure::attest::snp {

/// ATTESTATION_REPORT, little-endian (SEV-SNP Firmware ABI Specification, 56860, 7.3, Table 23). Versions 2,
/// 3 and 5 have the same size; what a version does not know is reserved in it and zero.
struct Report {
  std::uint32_t version;
  std::uint32_t guest_svn;
  std::uint64_t policy;
  std::array<std::uint8_t, 16> family_id;
  std::array<std::uint8_t, 16> image_id;
  std::uint32_t vmpl;
  std::uint32_t signature_algorithm;
  RawTcb current_tcb;
  std::uint64_t platform_info;
  std::uint32_t key_info;
  std::uint32_t reserved_4c;
  std::array<std::uint8_t, 64> report_data;
  std::array<std::uint8_t, 48> measurement;
  std::array<std::uint8_t, 32> host_data;
  std::array<std::uint8_t, 48> id_key_digest;
  std::array<std::uint8_t, 48> author_key_digest;
  std::array<std::uint8_t, 32> report_id;
  std::array<std::uint8_t, 32> report_id_ma;
  RawTcb reported_tcb;
  std::uint8_t cpu_family;    ///< from version 3
  std::uint8_t cpu_model;     ///< from version 3
  std::uint8_t cpu_stepping;  ///< from version 3
  std::array<std::uint8_t, 21> reserved_18b;
  std::array<std::uint8_t, 64> chip_id;
  RawTcb committed_tcb;
  std::array<std::uint8_t, 3> current_version;  ///< build, minor, major
  std::uint8_t reserved_1eb;
  std::array<std::uint8_t, 3> committed_version;  ///< build, minor, major
  std::uint8_t reserved_1ef;
  RawTcb launch_tcb;
  std::uint64_t launch_mitigations;   ///< from version 5
  std::uint64_t current_mitigations;  ///< from version 5
  std::array<std::uint8_t, 152> reserved_208;
  AmdSignature signature;
  std::array<std::uint8_t, 368> reserved_330;
};
static_assert(sizeof(Report) == 0x4a0);
static_assert(offsetof(Report, current_tcb) == 0x38 && offsetof(Report, report_data) == 0x50 &&
              offsetof(Report, measurement) == 0x90 && offsetof(Report, id_key_digest) == 0xe0 &&
              offsetof(Report, report_id) == 0x140 && offsetof(Report, reported_tcb) == 0x180 &&
              offsetof(Report, chip_id) == 0x1a0 && offsetof(Report, committed_tcb) == 0x1e0 &&
              offsetof(Report, launch_tcb) == 0x1f0 && offsetof(Report, signature) == 0x2a0);

/// The signature covers everything in front of it.
inline constexpr std::size_t signed_size = offsetof(Report, signature);

/// The key that signed a report: bits 2 to 4 of key_info.
enum class SigningKey : std::uint32_t { vcek = 0, vlek = 1, none = 7 };
inline SigningKey signing_key_of(const Report& report) { return SigningKey{(report.key_info >> 2) & 7U}; }

/// Bits of `policy`, the guest policy.
inline constexpr std::uint64_t policy_bit_debug = 1ULL << 19;
/// Bits of `platform_info`.
enum class PlatformBit : std::uint8_t {
  smt = 0,
  tsme = 1,
  ecc = 2,
  rapl_disabled = 3,
  ciphertext_hiding = 4,
  alias_check_complete = 5,  ///< from version 3
  tio = 7,                   ///< from version 5
};
inline bool has(const Report& report, PlatformBit bit) {
  return (report.platform_info >> static_cast<unsigned>(bit) & 1U) != 0;
}

/// The bytes as a report; an Error unless they are one of a known version, with every reserved bit and byte
/// zero. Says nothing about who wrote it.
Result<Report> parse_report(Bytes bytes);

/// The product that the report itself names; nothing before version 3. An Error where it names an unknown
/// one.
Result<std::optional<Product>> product_of_report(const Report& report);

}  // namespace immure::attest::snp
