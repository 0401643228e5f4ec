#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attest/crypto/digest.hpp"
#include "attest/snp/firmware.hpp"
#include "attest/snp/vmsa.hpp"

namespace immure::attest::snp {

/// What a guest is started from. The bytes stay the caller's.
struct LaunchInputs {
  Bytes firmware;
  std::uint32_t vcpus = 1;  ///< 1 to 256
  std::uint32_t cpu_signature = 0;
  std::uint64_t guest_features = 1;
  Vmm vmm = Vmm::qemu;
  /// Where the VMM puts the kernel's hashes into the guest: set with a kernel.
  struct Kernel {
    Sha256Digest kernel{};
    Sha256Digest initrd{};  ///< SHA-256 of nothing where there is none
    std::string command_line;
  };
  std::optional<Kernel> kernel{};
  /// With an SVSM: its image, and the bytes of firmware variables between both.
  struct Svsm {
    Bytes image;
    std::uint32_t variable_bytes = 0;
  };
  std::optional<Svsm> svsm{};
};

/// The launch digest (LD) that the firmware computes over what the VMM hands to it, page by page: SEV-SNP
/// Firmware ABI Specification (56860), 8.17.2, PAGE_INFO. An Error where the firmware cannot be measured so.
Result<Sha384Digest> launch_digest(const LaunchInputs& inputs);

/// The firmware's own part of the digest, which every guest that is started from it shares.
struct MeasuredFirmware {
  Sha384Digest digest{};
  FirmwareTables tables;
};
Result<MeasuredFirmware> measure_firmware(Bytes firmware);

/// The launch digests of guests that differ in the number of vCPUs only: of 1, 2, ... `inputs.vcpus`. Without
/// an SVSM.
Result<std::vector<Sha384Digest>> launch_digests_by_vcpus(const MeasuredFirmware& firmware,
                                                          const LaunchInputs& inputs);

}  // namespace immure::attest::snp
