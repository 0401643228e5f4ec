#pragma once

#include "tests/hostile_guest/attack.hpp"

namespace hostile {

/// Starts each device for each of its queues, has that one spoilt, and expects the device to say that it
/// needs a reset; where it takes nothing from the queue at once, only that it goes on.
template <typename Spoil>
void on_each_queue(Spoil spoil, u64 without_features = 0) {
  for (auto& device : devices) {
    for (unsigned i = 0; i < device.queue_count(); ++i) {
      device.start(without_features);
      spoil(device.queue(i));
      device.queue(i).notify();
      if (device.takes_at_once(i)) expect(device.needs_reset(), device.name(), " goes on, queue ", i);
      device.reset();
    }
    // Devices start often here: there is not memory for the rings of all of them.
    expect(is_intact(), "memory outside of the buffers was written by ", device.name());
    clear_arena();
  }
}

}  // namespace hostile
