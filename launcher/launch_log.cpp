#include "launcher/launch_log.hpp"

#include <fcntl.h>

#include "base/io.hpp"
#include "base/log.hpp"
#include "launcher/errand.hpp"

namespace immure::launcher {
namespace {

Result<std::string> append(Kernel& kernel, const Paths& paths, const policy::LaunchEntry& entry) {
  const auto record = IMMURE_TRY(kernel.make_sealed("launch-entry", bytes_of(entry)));
  const auto log = IMMURE_TRY(open_of_root(kernel, paths.launch_log, O_RDWR | O_APPEND | O_CREAT));
  std::string digest(policy::launch_digest_size, '\0');
  const Errand errand{.arguments = {"immure", "internal", "append-launch-entry"},
                      .input = record.get(),
                      .files = {{log.get(), policy::launch_log_fd}}};
  IMMURE_TRY(run_errand(kernel, paths.immure, errand, std::as_writable_bytes(std::span(digest))));
  return digest;
}

}  // namespace

Result<std::string> append_to_launch_log(Kernel& kernel, const Paths& paths,
                                         const policy::LaunchEntry& entry) {
  auto digest = append(kernel, paths, entry);
  if (!digest) return with_context("launch log " + paths.launch_log, std::move(digest).error());
  return digest;
}

void log_end(Kernel& kernel, const Paths& paths, policy::LaunchEntry entry, policy::ExitCode code,
             std::string_view message) {
  entry.exit_code = static_cast<std::int32_t>(code);
  entry.message = decltype(entry.message)::fitting(message);
  const auto told = append_to_launch_log(kernel, paths, entry);
  if (!told) log_line(told.error().message);
}

}  // namespace immure::launcher
