#pragma once

#include <cstdint>
#include <string>

#include "attest/program/failure.hpp"
#include "attest/program/output_format.hpp"

namespace immure::attest {

struct SnpDigestOptions {
  std::string firmware;  ///< path
  std::uint32_t vcpus = 1;
  std::string vcpu_type;  ///< of QEMU; may be empty where the VMM's register state has no CPU signature
  std::string kernel;     ///< path, or empty
  std::string initrd;     ///< path, or empty
  std::string append;
  std::uint64_t guest_features = 1;
  std::string vmm = "qemu";
  std::string svsm;  ///< path, or empty
  std::uint32_t vars_size = 0;
  OutputFormat format = OutputFormat::text;
};

/// Prints the launch digest, in hexadecimal, alone on its line.
Expected<ExitCode> snp_digest(const SnpDigestOptions& options);

}  // namespace immure::attest
