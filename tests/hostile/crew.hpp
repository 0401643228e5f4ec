#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/result.hpp"
#include "tests/hostile/attempt.hpp"

namespace immure::hostile {

/// The threads of a VMM, each behind the filter of its kind, as in vmm/main.cpp: whoever makes an attempt is
/// where somebody would be who had taken over that thread.
class Crew {
 public:
  /// Starts the others and puts every thread, the calling one included, behind its filter. Yields the number
  /// of threads.
  Result<std::uint32_t> muster();

  /// Lets a thread of this kind make the attempt and say what came of it. The process ends then.
  [[noreturn]] void make(const Attempt& attempt, const Targets& targets);

 private:
  Result<void> start(Thread kind);
  void wait_for_orders(Thread kind);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t ready_ = 0;
  const Attempt* attempt_ = nullptr;
  const Targets* targets_ = nullptr;
};

/// Makes the attempt on the calling thread and says what came of it.
void make_and_say(const Attempt& attempt, const Targets& targets);

}  // namespace immure::hostile
