#pragma once

#include "attest/snp/launch_digest.hpp"

namespace immure::attest::snp {

/// The page into which QEMU writes the hashes of kernel, initrd and command line, its table at `offset`
/// (QEMU, target/i386/sev.c, sev_add_kernel_loader_hashes). An Error where it does not fit the page.
Result<std::array<std::uint8_t, 4096>> make_hash_page(const LaunchInputs::Kernel& kernel,
                                                      std::uint32_t offset);

}  // namespace immure::attest::snp
