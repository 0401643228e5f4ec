#include "vmm/start_barrier.hpp"

namespace immure::vmm {

void StartBarrier::arrive_and_wait(Result<void> outcome) {
  arrive(std::move(outcome));
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return is_open_; });
}

void StartBarrier::arrive(Result<void> outcome) {
  const std::scoped_lock lock(mutex_);
  if (!outcome && !failure_) failure_ = std::move(outcome).error();
  ++arrived_;
  changed_.notify_all();
}

Result<void> StartBarrier::wait_for(std::uint32_t threads) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this, threads] { return arrived_ >= threads; });
  if (failure_) return std::unexpected(*failure_);
  return {};
}

void StartBarrier::open() {
  const std::scoped_lock lock(mutex_);
  is_open_ = true;
  changed_.notify_all();
}

}  // namespace immure::vmm
