#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <sys/eventfd.h>

#include "vmm/devices/vm_events.hpp"

namespace immure::vmm::test {

/// Stands for KVM: remembers what devices asked for.
class FakeVmEvents final : public VmEvents {
 public:
  Result<Gsi> add_msi(int event_fd) override {
    const std::scoped_lock lock(mutex_);
    interrupts.push_back(event_fd);
    return Gsi{static_cast<std::uint32_t>(23 + interrupts.size())};
  }
  Result<void> route_msi(Gsi gsi, MsiMessage message) override {
    const std::scoped_lock lock(mutex_);
    routes[static_cast<std::uint32_t>(gsi) - 24] = message;
    ++route_calls;
    return {};
  }
  Result<void> add_doorbell(GuestAddress address, int event_fd) override {
    const std::scoped_lock lock(mutex_);
    if (refuse_doorbells || doorbells.contains(raw(address))) return invalid("doorbell address in use");
    doorbells[raw(address)] = event_fd;
    return {};
  }
  Result<void> remove_doorbell(GuestAddress address, int event_fd) override {
    const std::scoped_lock lock(mutex_);
    const auto found = doorbells.find(raw(address));
    if (found == doorbells.end() || found->second != event_fd) return invalid("no such doorbell");
    doorbells.erase(found);
    return {};
  }

  /// How often the vector's interrupt was raised since this was last asked.
  [[nodiscard]] std::uint64_t take_raised(std::size_t vector) const {
    eventfd_t count = 0;
    return ::eventfd_read(interrupts.at(vector), &count) == 0 ? count : 0;
  }

  std::vector<int> interrupts;  ///< by vector, in the order of add_msi()
  std::map<std::size_t, MsiMessage> routes;
  std::map<std::uint64_t, int> doorbells;
  int route_calls = 0;
  bool refuse_doorbells = false;

 private:
  std::mutex mutex_;
};

}  // namespace immure::vmm::test
