#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/result.hpp"

namespace immure::vmm {

/// Between the control thread and the others: first each says that it stands behind its filter, later all of
/// them are let go at once.
class StartBarrier {
 public:
  /// On a new thread, once: `outcome` of its preparation. Waits until open().
  void arrive_and_wait(Result<void> outcome);
  /// On a new thread that must not wait to be let go.
  void arrive(Result<void> outcome);

  /// On the control thread: waits until `threads` have arrived; the first of their Errors.
  Result<void> wait_for(std::uint32_t threads);
  void open();

 private:
  // Not std::atomic::wait: it spins with sched_yield(2), which no filter of the VMM allows.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t arrived_ = 0;
  bool is_open_ = false;
  std::optional<Error> failure_;
};

}  // namespace immure::vmm
