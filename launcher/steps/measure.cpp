#include <fcntl.h>

#include "base/io.hpp"
#include "launcher/errand.hpp"
#include "launcher/plan.hpp"

namespace immure::launcher {
namespace {

namespace fd = policy::measure_fd;
using policy::ExitCode;

/// The very fds that the VMM gets, but those of disks that the guest may write, which have no lasting digest.
std::vector<FdMapping> files_of(const Launch& launch) {
  std::vector<FdMapping> files{{launch.kernel_image.fd.get(), fd::kernel},
                               {launch.vmm_program.get(), fd::vmm}};
  if (launch.initrd_image.fd) files.push_back({launch.initrd_image.fd.get(), fd::initrd});
  for (std::size_t i = 0; i < launch.disks.size(); ++i) {
    if (launch.guest.disks[i].access == policy::DiskAccess::read_write) continue;
    files.push_back({launch.disks[i].get(), fd::first_disk + static_cast<int>(i)});
  }
  return files;
}

}  // namespace

Result<void> measure_launch(Launch& launch) {
  auto& kernel = launch.kernel;
  const auto& host = launch.host.attestation;
  const auto has_manifest = !launch.guest.manifest.empty();
  if (host.measure == policy::MeasureMode::off && !has_manifest) return {};
  const auto guest = IMMURE_TRY(kernel.make_sealed("guest", bytes_of(launch.guest)));
  auto files = files_of(launch);
  std::vector<UniqueFd> open;
  const auto give = [&](int number, Result<UniqueFd> file) -> Result<void> {
    files.push_back({open.emplace_back(IMMURE_TRY(std::move(file))).get(), number});
    return {};
  };
  constexpr auto to_read = O_RDONLY | O_NONBLOCK | O_NOCTTY;
  const auto text = [](const policy::HostPath& path) { return std::string(path.view()); };
  if (has_manifest) {
    launch.failure = ExitCode::bad_signature;
    IMMURE_TRY(give(fd::manifest, kernel.open(text(launch.guest.manifest), to_read, Links::refused)));
    launch.failure = ExitCode::bad_specification;
    IMMURE_TRY(give(fd::signers, open_of_root(kernel, text(host.signers), to_read)));
    if (!host.revoked.empty())
      IMMURE_TRY(give(fd::revoked, open_of_root(kernel, text(host.revoked), to_read)));
  }
  launch.failure = ExitCode::unsafe_host;
  IMMURE_TRY(give(fd::digests, open_of_root(kernel, launch.paths.digests, O_RDWR | O_APPEND | O_CREAT)));
  if (!host.tpm.empty()) {
    IMMURE_TRY(give(fd::tpm, kernel.open(text(host.tpm), O_RDWR | O_NOCTTY, Links::refused)));
    IMMURE_TRY(give(fd::log, open_of_root(kernel, launch.paths.events, O_RDWR | O_APPEND | O_CREAT)));
  }
  launch.failure = ExitCode::not_admitted;
  const auto measured = run_errand(
      kernel, launch.paths.attest,
      {.arguments = policy::measure_arguments(host, launch.kernel_image.verity, launch.initrd_image.verity),
       .input = guest.get(),
       .files = std::move(files)},
      writable_bytes_of(launch.measurement));
  const auto has_module = measured || measured.error().error_number != ENOENT;
  if (!has_module && host.measure != policy::MeasureMode::required && !has_manifest) return {};
  if (!measured) return with_context("measure the guest", measured.error());
  IMMURE_TRY(policy::check(launch.measurement, launch.guest, host));
  launch.failure = ExitCode{launch.measurement.verdict};
  if (launch.failure != ExitCode::success) return invalid(std::string(launch.measurement.message.view()));
  return {};
}

}  // namespace immure::launcher
