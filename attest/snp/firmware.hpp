#pragma once

#include <optional>
#include <vector>

#include "attest/crypto/bytes.hpp"
#include "base/result.hpp"

namespace immure::attest::snp {

/// Kinds of the sections that OVMF declares for SNP (edk2, OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm).
enum class SectionKind : std::uint32_t {
  memory = 1,
  secrets = 2,
  cpuid = 3,
  svsm_caa = 4,
  kernel_hashes = 0x10
};

struct FirmwareSection {
  std::uint32_t gpa = 0;   ///< guest-physical, a multiple of 4096
  std::uint32_t size = 0;  ///< bytes, a multiple of 4096
  SectionKind kind = SectionKind::memory;
};

/// What the table at the end of a firmware image says (edk2, OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm).
struct FirmwareTables {
  std::vector<FirmwareSection> sections;        ///< in the order of the file
  std::optional<std::uint32_t> hash_table_gpa;  ///< where the kernel's hashes lie
  std::optional<std::uint32_t> ap_reset_eip;    ///< where every vCPU but the first starts
  std::optional<std::uint32_t> svsm_entry;      ///< of an SVSM image: its entry, from the image's start
};

inline constexpr std::size_t largest_firmware = 64 << 20;

/// An Error where the image is no multiple of 4096 bytes, is too large, or a table is malformed. Without a
/// table of ours all members are empty.
Result<FirmwareTables> read_firmware_tables(Bytes image);

}  // namespace immure::attest::snp
