#include "attest/program/snp_inputs.hpp"

#include "attest/snp/firmware.hpp"

namespace immure::attest {
namespace {

constexpr std::size_t largest_boot_file = 1 << 30;

Result<Sha256Digest> digest_of(const std::optional<InputFile>& file) {
  if (!file) return sha256({});
  return sha256(IMMURE_TRY(read_input(*file)).bytes);
}

}  // namespace

Expected<SnpFiles> open_snp_files(const SnpOptions& options) {
  if (options.kernel.empty() && (!options.initrd.empty() || !options.append.empty())) {
    return fail(ExitCode::usage, "--initrd and --append go with --kernel");
  }
  if (options.vcpu_type.empty() && options.vmm == "qemu") {
    return fail(ExitCode::usage, "--vcpu-type is missing: QEMU's registers hold the CPU's signature");
  }
  SnpFiles files;
  files.firmware = IMMURE_TRY(open_input(options.firmware, snp::largest_firmware));
  files.kernel = IMMURE_TRY(open_optional_input(options.kernel, largest_boot_file));
  files.initrd = IMMURE_TRY(open_optional_input(options.initrd, largest_boot_file));
  files.svsm = IMMURE_TRY(open_optional_input(options.svsm, snp::largest_firmware));
  return files;
}

Expected<SnpGuest> load_snp_guest(const SnpFiles& files, const SnpOptions& options) {
  SnpGuest guest{.firmware = IMMURE_TRY(read_input(files.firmware)), .svsm = {}, .launch = {}};
  guest.launch = {.firmware = guest.firmware.bytes,
                  .vcpus = options.vcpus,
                  .cpu_signature = snp::signature_of_cpu_type(options.vcpu_type).value_or(0),
                  .guest_features = options.guest_features,
                  .vmm = snp::vmm_named(options.vmm).value_or(snp::Vmm::qemu)};
  if (files.kernel) {
    guest.launch.kernel = {.kernel = IMMURE_TRY(digest_of(files.kernel)),
                           .initrd = IMMURE_TRY(digest_of(files.initrd)),
                           .command_line = options.append};
  }
  if (files.svsm) {
    guest.svsm = IMMURE_TRY(read_input(*files.svsm));
    guest.launch.svsm = {.image = guest.svsm.bytes, .variable_bytes = options.vars_size};
  }
  return guest;
}

}  // namespace immure::attest
