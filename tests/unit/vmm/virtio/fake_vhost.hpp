#pragma once

#include <string>
#include <vector>

#include "vmm/virtio/vhost.hpp"

namespace immure::vmm::test {

/// A kernel that serves nothing, and remembers what it was told.
class FakeVhost final : public virtio::Vhost {
 public:
  using Calls = std::vector<std::string>;

  struct State {
    Calls calls;
    std::uint64_t offered = 0;
    std::uint64_t features = 0;
    std::vector<MemoryRegion> memory;
    std::vector<virtio::QueueEvents> events{2};
    std::vector<virtio::HostRings> rings{2};
    std::vector<int> backends{-1, -1};
    std::string refused;  ///< how a call begins that fails
  };

  /// `state` outlives it.
  explicit FakeVhost(State& state) : state_(&state) {}

  Result<std::uint64_t> features() override {
    IMMURE_TRY(note("features"));
    return state_->offered;
  }
  Result<void> set_owner() override { return note("owner"); }
  Result<void> set_memory(std::span<const MemoryRegion> regions) override {
    state_->memory.assign(regions.begin(), regions.end());
    return note("memory");
  }
  Result<void> set_events(std::uint16_t queue, const virtio::QueueEvents& events) override {
    state_->events.at(queue) = events;
    return note("events " + std::to_string(queue));
  }
  Result<void> set_features(std::uint64_t features) override {
    state_->features = features;
    return note("set_features");
  }
  Result<void> set_rings(std::uint16_t queue, const virtio::HostRings& rings) override {
    state_->rings.at(queue) = rings;
    return note("rings " + std::to_string(queue));
  }
  Result<void> set_backend(std::uint16_t queue, int tap) override {
    state_->backends.at(queue) = tap;
    return note((tap < 0 ? "stop " : "start ") + std::to_string(queue));
  }

 private:
  Result<void> note(const std::string& call) {
    state_->calls.push_back(call);
    if (!state_->refused.empty() && call.starts_with(state_->refused))
      return invalid("told to fail: " + call);
    return {};
  }

  State* state_;
};

}  // namespace immure::vmm::test
