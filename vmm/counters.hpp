#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "policy/statistics_message.hpp"

namespace immure::vmm {

/// Adds to a count. One thread at a time does so, by its own nature or under a device's lock; any thread may
/// read it meanwhile, so it is an atomic, but no locked instruction.
inline void add(std::uint64_t& count, std::uint64_t amount = 1) {
  const std::atomic_ref<std::uint64_t> shared(count);
  shared.store(shared.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

/// A count as it is at this moment; from any thread.
inline std::uint64_t read(const std::uint64_t& count) {
  // Nothing is written: there is no std::atomic_ref of a constant before C++26.
  return std::atomic_ref(const_cast<std::uint64_t&>(count)).load(std::memory_order_relaxed);
}

/// All counts of one device, each as it is at some moment of this call.
template <typename Counters, std::size_t N>
Counters read(const Counters& counters, const std::array<policy::CounterField<Counters>, N>& fields) {
  Counters out;
  for (const auto& field : fields) out.*field.value = read(counters.*field.value);
  return out;
}

}  // namespace immure::vmm
