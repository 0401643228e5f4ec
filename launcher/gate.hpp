#pragma once

#include "launcher/kernel.hpp"

namespace immure::launcher {

/// The keeper's side of the gate before which a VMM waits: VmmReady in, VmmGo out.
class Gate {
 public:
  /// Ours and the VMM's. The VMM's stays open for the read-back to compare with.
  explicit Gate(FdPair sockets) : sockets_(std::move(sockets)) {}

  /// Waits until the VMM is ready; yields its number of threads. Where it ends or says nothing in time, the
  /// Error carries the last lines of its log.
  Result<std::uint32_t> await_ready(Kernel& kernel, const Process& vmm, int log_fd);
  /// Whether the VMM ended because kernel or initrd is not what it must be.
  [[nodiscard]] bool image_was_refused() const { return image_was_refused_; }

  /// Lets the guest run.
  Result<void> open(Kernel& kernel) const;

 private:
  FdPair sockets_;
  bool image_was_refused_ = false;
};

}  // namespace immure::launcher
