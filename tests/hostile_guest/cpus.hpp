#pragma once

#include "tests/hostile_guest/machine.hpp"

/// The virtual CPUs. Number 0 leads; the others sleep until there is work for them.
namespace hostile {

/// How many CPUs the test gives the guest.
constexpr unsigned cpu_count = 4;

/// All that CPU 0 is for; ends with the machine (main.cpp).
void attack_all();

/// On CPU 0, once. False where not all of them came within some seconds.
bool start_cpus();

using Work = void (*)(unsigned cpu);

/// The other CPUs do this, each once; wait_for_others() returns when they are done.
void begin_on_others(Work work);
void wait_for_others();
/// The same on all of them, this one included.
void on_all_cpus(Work work);

/// While CPU 0 attacks, the others do something over and over: from construction to the end of the scope.
class Meanwhile {
 public:
  explicit Meanwhile(Work each_round);
  Meanwhile(const Meanwhile&) = delete;
  Meanwhile& operator=(const Meanwhile&) = delete;
  ~Meanwhile();
};

/// On CPU 0: microseconds since start_cpus().
u64 now();
void sleep(u64 microseconds);

/// How long a device may take. Once an attack has gone wrong not so long any more: it may go wrong a hundred
/// times.
extern u64 patience;
constexpr u64 full_patience = 10'000'000;
constexpr u64 lost_patience = 20'000;

/// xorshift64: the same numbers at each run.
class Dice {
 public:
  constexpr explicit Dice(u64 seed) : state_(seed * 0x9e37'79b9'7f4a'7c15 + 1) {}
  u64 next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  u64 below(u64 end) { return next() % end; }
  bool one_in(u64 chances) { return below(chances) == 0; }
  template <typename T, std::size_t count>
  T pick(const T (&of)[count]) {
    return of[below(count)];
  }

 private:
  u64 state_;
};

}  // namespace hostile
