#include <fcntl.h>

#include "base/io.hpp"
#include "launcher/errand.hpp"
#include "launcher/plan.hpp"

namespace immure::launcher {
namespace {

namespace fd = policy::measure_fd;
using policy::ExitCode;
using policy::MeasureMode;

/// The very fds that the VMM gets, but those of disks that the guest may write, which have no lasting digest.
std::vector<FdMapping> files_of(const Launch& launch) {
  std::vector<FdMapping> files{{launch.kernel_image.get(), fd::kernel}, {launch.vmm_program.get(), fd::vmm}};
  if (launch.initrd_image) files.push_back({launch.initrd_image.get(), fd::initrd});
  for (std::size_t i = 0; i < launch.disks.size(); ++i) {
    if (launch.guest.disks[i].access == policy::DiskAccess::read_write) continue;
    files.push_back({launch.disks[i].get(), fd::first_disk + static_cast<int>(i)});
  }
  return files;
}

}  // namespace

Result<void> measure_launch(Launch& launch) {
  auto& kernel = launch.kernel;
  const auto& host = launch.host;
  const auto has_manifest = !launch.guest.manifest.empty();
  if (host.measure == MeasureMode::off && !has_manifest) return {};
  const auto guest = IMMURE_TRY(kernel.make_sealed("guest", bytes_of(launch.guest)));
  auto files = files_of(launch);
  std::vector<UniqueFd> open;
  if (has_manifest) {
    constexpr auto flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    launch.failure = ExitCode::bad_signature;
    open.push_back(IMMURE_TRY(kernel.open(std::string(launch.guest.manifest.view()), flags, Links::refused)));
    launch.failure = ExitCode::bad_specification;
    open.push_back(IMMURE_TRY(open_of_root(kernel, std::string(host.signers.view()), flags)));
    if (!host.revoked.empty())
      open.push_back(IMMURE_TRY(open_of_root(kernel, std::string(host.revoked.view()), flags)));
    for (int i = 0; const auto& each : open) files.push_back({each.get(), fd::manifest + i++});
  }
  launch.failure = ExitCode::not_admitted;
  auto& answer = launch.measurement;
  const auto measured = run_errand(
      kernel, launch.paths.attest,
      {.arguments = {"immure-attest", "measure-launch"}, .input = guest.get(), .files = std::move(files)},
      writable_bytes_of(answer));
  const auto has_module = measured || measured.error().error_number != ENOENT;
  if (!has_module && host.measure != MeasureMode::required && !has_manifest) return {};
  if (!measured) return with_context("measure the guest", measured.error());
  IMMURE_TRY(policy::check(answer, launch.guest));
  launch.failure = ExitCode{answer.verdict};
  if (launch.failure != ExitCode::success) return invalid(std::string(answer.message.view()));
  return {};
}

}  // namespace immure::launcher
