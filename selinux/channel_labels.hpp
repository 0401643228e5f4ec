#pragma once

#include <string>

#include "base/result.hpp"

namespace immure::selinux {

// Sockets and pipes between the processes of one guest must carry that guest's categories: with the
// launcher's own (s0-s0:c0.c1023) the VMM and the monitor, which are bound to theirs, may not use them, and
// the kernel replaces them by /dev/null at exec.

/// While it lives, every socket that this thread makes gets the given label (setsockcreatecon(3)):
/// vmm_context for the socket pairs, monitor_context for the monitor's listener. Needs /proc.
class SocketLabel {
 public:
  static Result<SocketLabel> set(const std::string& context);
  SocketLabel(SocketLabel&& other) noexcept;
  SocketLabel& operator=(SocketLabel&&) = delete;
  SocketLabel(const SocketLabel&) = delete;
  SocketLabel& operator=(const SocketLabel&) = delete;
  /// Back to the default.
  ~SocketLabel();

 private:
  SocketLabel() = default;
  bool active_ = true;
};

/// Labels a pipe, either end, with pipe_context. A pipe has no label at creation but its maker's.
Result<void> label_pipe(int fd, const std::string& context);

/// For a client of a guest's monitor, before socket(2): the kernel gives an accepted socket the categories of
/// the *client's* socket, and the monitor may only use its own. `guest_label` is the guest's
/// (policy::GuestState). Does nothing where SELinux is off.
Result<void> label_sockets_for(const std::string& guest_label);

}  // namespace immure::selinux
