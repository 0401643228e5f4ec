#include "launcher/errand.hpp"

#include <fcntl.h>

namespace immure::launcher {
namespace {

constexpr uid_t nobody = 65534;

/// In the child. Returns only where it failed.
Result<void> become_nobody(Kernel& kernel, int program, const Errand& errand, int output) {
  auto fds = errand.files;
  fds.insert(fds.end(), {{errand.input, 0}, {output, 1}, {2, 2}});
  IMMURE_TRY(kernel.reset_signals());
  IMMURE_TRY(ArrangeFds{fds}.apply(kernel));
  IMMURE_TRY(DropPrivileges{nobody}.apply(kernel));
  IMMURE_TRY(kernel.set_no_new_privs());
  return kernel.execute(program, errand.arguments);
}

}  // namespace

Result<UniqueFd> open_of_root(Kernel& kernel, const std::string& path, int flags) {
  auto file = IMMURE_TRY(kernel.open(path, flags, Links::refused));
  const auto status = IMMURE_TRY(kernel.status(file.get()));
  if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & 022) != 0) {
    return invalid(path + " must be a file of root's that nobody else can write");
  }
  return file;
}

Result<std::size_t> receive_all(Kernel& kernel, int fd, std::span<std::byte> buffer) {
  auto rest = buffer;
  while (!rest.empty()) {
    const auto n = IMMURE_TRY(kernel.receive(fd, rest));
    if (n == 0) break;
    rest = rest.subspan(n);
  }
  return buffer.size() - rest.size();
}

Result<void> run_errand(Kernel& kernel, const std::string& program, const Errand& errand,
                        std::span<std::byte> answer) {
  const auto opened = IMMURE_TRY(open_of_root(kernel, program, O_PATH));
  const UniqueFd file(IMMURE_TRY(kernel.duplicate_above(opened.get(), ArrangeFds::first_free)));
  auto output = IMMURE_TRY(kernel.make_pipe());
  const auto process = IMMURE_TRY(kernel.clone(0, -1));
  if (process.pid == 0) {
    static_cast<void>(become_nobody(kernel, file.get(), errand, output.second.get()));
    kernel.exit_child(127);
  }
  output.second.reset();
  const auto length = IMMURE_TRY(receive_all(kernel, output.first.get(), answer));
  output.first.reset();
  const auto end = IMMURE_TRY(kernel.wait(process));
  if (end.status == 0 && end.signal == 0 && length == answer.size()) return {};
  return invalid(program + " failed (status " + std::to_string(end.status) + ", signal " +
                 std::to_string(end.signal) + ")");
}

}  // namespace immure::launcher
