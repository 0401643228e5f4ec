#include "attest/program/snp_digest.hpp"

#include <optional>

#include <nlohmann/json.hpp>

#include "attest/program/confine.hpp"
#include "attest/program/input_file.hpp"
#include "attest/snp/firmware.hpp"
#include "attest/snp/launch_digest.hpp"

namespace immure::attest {
namespace {

constexpr std::size_t largest_boot_file = 1 << 30;

struct Inputs {
  InputFile firmware;
  std::optional<InputFile> kernel;
  std::optional<InputFile> initrd;
  std::optional<InputFile> svsm;
};

Expected<Inputs> open_all(const SnpDigestOptions& options) {
  Inputs inputs;
  inputs.firmware = IMMURE_TRY(open_input(options.firmware, snp::largest_firmware));
  inputs.kernel = IMMURE_TRY(open_optional_input(options.kernel, largest_boot_file));
  inputs.initrd = IMMURE_TRY(open_optional_input(options.initrd, largest_boot_file));
  inputs.svsm = IMMURE_TRY(open_optional_input(options.svsm, snp::largest_firmware));
  return inputs;
}

Result<Sha256Digest> digest_of(const std::optional<InputFile>& file) {
  if (!file) return sha256({});
  return sha256(IMMURE_TRY(read_input(*file)).bytes);
}

Expected<Sha384Digest> compute(const Inputs& inputs, const SnpDigestOptions& options) {
  const auto firmware = IMMURE_TRY(read_input(inputs.firmware));
  NamedBytes svsm;
  snp::LaunchInputs launch{.firmware = firmware.bytes,
                           .vcpus = options.vcpus,
                           .cpu_signature = snp::signature_of_cpu_type(options.vcpu_type).value_or(0),
                           .guest_features = options.guest_features,
                           .vmm = snp::vmm_named(options.vmm).value_or(snp::Vmm::qemu)};
  if (inputs.kernel) {
    launch.kernel = {.kernel = IMMURE_TRY(digest_of(inputs.kernel)),
                     .initrd = IMMURE_TRY(digest_of(inputs.initrd)),
                     .command_line = options.append};
  }
  if (inputs.svsm) {
    svsm = IMMURE_TRY(read_input(*inputs.svsm));
    launch.svsm = {.image = svsm.bytes, .variable_bytes = options.vars_size};
  }
  return IMMURE_TRY(snp::launch_digest(launch));
}

}  // namespace

Expected<ExitCode> snp_digest(const SnpDigestOptions& options) {
  if (options.kernel.empty() && (!options.initrd.empty() || !options.append.empty())) {
    return std::unexpected(Failure(ExitCode::usage, "--initrd and --append go with --kernel"));
  }
  if (options.vcpu_type.empty() && options.vmm == "qemu") {
    return std::unexpected(
        Failure(ExitCode::usage, "--vcpu-type is missing: QEMU's registers hold the CPU's signature"));
  }
  const auto inputs = IMMURE_TRY(open_all(options));
  IMMURE_TRY(confine());
  const auto hex = to_hex(IMMURE_TRY(compute(inputs, options)));
  const bool json = options.format == OutputFormat::json;
  IMMURE_TRY(print((json ? nlohmann::ordered_json{{"launch_digest", hex}}.dump(2) : hex) + "\n"));
  return ExitCode::success;
}

}  // namespace immure::attest
