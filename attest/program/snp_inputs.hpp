#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "attest/program/failure.hpp"
#include "attest/program/input_file.hpp"
#include "attest/snp/launch_digest.hpp"

namespace immure::attest {

/// What an SEV-SNP guest is started from, as the command line says it.
struct SnpOptions {
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
};

/// Its files, opened.
struct SnpFiles {
  InputFile firmware;
  std::optional<InputFile> kernel;
  std::optional<InputFile> initrd;
  std::optional<InputFile> svsm;
};
/// usage where options do not go together.
Expected<SnpFiles> open_snp_files(const SnpOptions& options);

/// Their bytes: after confine(). `launch` refers to the others.
struct SnpGuest {
  NamedBytes firmware;
  NamedBytes svsm;
  snp::LaunchInputs launch;
};
Expected<SnpGuest> load_snp_guest(const SnpFiles& files, const SnpOptions& options);

}  // namespace immure::attest
