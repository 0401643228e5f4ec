#include "launcher/gate.hpp"

#include <array>

#include "base/io.hpp"
#include "policy/vmm_record.hpp"

namespace immure::launcher {
namespace {

// Emulated hosts are slow; a VMM that hangs is not worth hurry.
constexpr int deadline_milliseconds = 60'000;
constexpr std::size_t kept_log_bytes = 800;

}  // namespace

std::string last_words(Kernel& kernel, int log_fd) {
  std::string text;
  std::array<char, 1024> chunk{};
  pollfd waiting{.fd = log_fd, .events = POLLIN, .revents = 0};
  while (true) {
    const auto ready = kernel.poll(std::span(&waiting, 1), 0);
    if (!ready || *ready == 0 || (waiting.revents & POLLIN) == 0) break;
    const auto n = kernel.receive(log_fd, std::as_writable_bytes(std::span(chunk)));
    if (!n || *n == 0) break;
    text.append(chunk.data(), *n);
    if (text.size() > kept_log_bytes) text.erase(0, text.size() - kept_log_bytes);
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? text : ": " + text;
}

Result<std::uint32_t> await_vmm(Kernel& kernel, int gate, const Process& vmm, int log_fd,
                                policy::ExitCode& failure) {
  std::array<pollfd, 2> fds{pollfd{.fd = gate, .events = POLLIN, .revents = 0},
                            pollfd{.fd = vmm.pidfd.get(), .events = POLLIN, .revents = 0}};
  if (IMMURE_TRY(kernel.poll(fds, deadline_milliseconds)) == 0) {
    return invalid("the VMM was not ready in time" + last_words(kernel, log_fd));
  }
  policy::VmmReady ready;
  if ((fds[0].revents & POLLIN) != 0 &&
      IMMURE_TRY(kernel.receive(gate, writable_bytes_of(ready))) == sizeof(ready)) {
    IMMURE_TRY(policy::check_header(ready, "the VMM's answer"));
    return ready.threads;
  }
  static_cast<void>(kernel.kill(vmm));
  const auto end = IMMURE_TRY(kernel.wait(vmm));
  if (end.signal == 0 && end.status == static_cast<int>(policy::VmmExit::image_refused)) {
    failure = policy::ExitCode::image_refused;
  }
  const auto how = end.signal != 0 ? "by signal " + std::to_string(end.signal)
                                   : "with status " + std::to_string(end.status);
  return invalid("the VMM ended " + how + " before the guest ran" + last_words(kernel, log_fd));
}

Result<void> open_gate(Kernel& kernel, int gate) {
  const policy::VmmGo go{.header = policy::header_of<policy::VmmGo>()};
  return kernel.send(gate, bytes_of(go));
}

}  // namespace immure::launcher
