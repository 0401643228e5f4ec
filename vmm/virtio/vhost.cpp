#include "vmm/virtio/vhost.hpp"

#include <bit>
#include <vector>

#include <sys/ioctl.h>

#include "policy/seccomp/vhost_uapi.hpp"
#include "vmm/virtio/queue_layout.hpp"

namespace immure::vmm::virtio {
namespace {

class KernelVhost final : public Vhost {
 public:
  explicit KernelVhost(UniqueFd fd) : fd_(std::move(fd)) {}

  Result<std::uint64_t> features() override {
    std::uint64_t features = 0;
    IMMURE_TRY(call(VHOST_GET_FEATURES, &features, "ask vhost-net for its features"));
    return features;
  }

  Result<void> set_owner() override { return call(VHOST_SET_OWNER, nullptr, "become vhost-net's owner"); }

  Result<void> set_memory(std::span<const MemoryRegion> regions) override {
    // vhost_memory is the number of regions and padding, then the regions: a flexible array, which C++ has
    // not.
    static_assert(sizeof(vhost_memory_region) == 4 * sizeof(std::uint64_t));
    std::vector<std::uint64_t> table{regions.size()};
    for (const auto& region : regions) {
      constexpr std::uint64_t flags = 0;
      table.insert(table.end(),
                   {raw(region.start), region.size, std::bit_cast<std::uint64_t>(region.host), flags});
    }
    return call(VHOST_SET_MEM_TABLE, table.data(), "tell vhost-net of guest memory");
  }

  Result<void> set_events(std::uint16_t queue, const QueueEvents& events) override {
    const auto set = [&](unsigned long request, int event) {
      vhost_vring_file file{.index = queue, .fd = event};
      return call(request, &file, "give vhost-net an eventfd");
    };
    IMMURE_TRY(set(VHOST_SET_VRING_KICK, events.doorbell));
    IMMURE_TRY(set(VHOST_SET_VRING_CALL, events.used));
    return set(VHOST_SET_VRING_ERR, events.broken);
  }

  Result<void> set_features(std::uint64_t features) override {
    return call(VHOST_SET_FEATURES, &features, "set vhost-net's features");
  }

  Result<void> set_rings(std::uint16_t queue, const HostRings& rings) override {
    vhost_vring_state size{.index = queue, .num = rings.size};
    IMMURE_TRY(call(VHOST_SET_VRING_NUM, &size, "set the size of a vhost-net queue"));
    vhost_vring_state base{.index = queue, .num = 0};
    IMMURE_TRY(call(VHOST_SET_VRING_BASE, &base, "set the start of a vhost-net queue"));
    vhost_vring_addr addresses{};
    addresses.index = queue;
    addresses.desc_user_addr = rings.descriptors;
    addresses.avail_user_addr = rings.available;
    addresses.used_user_addr = rings.used;
    return call(VHOST_SET_VRING_ADDR, &addresses, "set the rings of a vhost-net queue");
  }

  Result<void> set_backend(std::uint16_t queue, int tap) override {
    vhost_vring_file file{.index = queue, .fd = tap};
    return call(VHOST_NET_SET_BACKEND, &file, tap < 0 ? "stop a vhost-net queue" : "start a vhost-net queue");
  }

 private:
  Result<void> call(unsigned long request, void* argument, const char* what) {
    return checked(::ioctl(fd_.get(), request, argument), what);
  }

  UniqueFd fd_;
};

}  // namespace

Result<HostRings> locate_rings(const GuestMemory& memory, const QueueSetup& setup) {
  const auto locate = [&memory](GuestAddress start, std::uint64_t size,
                                GuestAccess access) -> Result<std::uint64_t> {
    const auto slice = IMMURE_TRY(memory.io_slice(start, size, access));
    return std::bit_cast<std::uint64_t>(slice.iov_base);
  };
  HostRings rings{.size = setup.size};
  rings.descriptors =
      IMMURE_TRY(locate(setup.descriptors, sizeof(Descriptor) * setup.size, GuestAccess::device_reads));
  rings.available =
      IMMURE_TRY(locate(setup.available, used_event(setup.size) + 2, GuestAccess::device_reads));
  rings.used = IMMURE_TRY(locate(setup.used, available_event(setup.size) + 2, GuestAccess::device_writes));
  return rings;
}

std::unique_ptr<Vhost> kernel_vhost(UniqueFd fd) { return std::make_unique<KernelVhost>(std::move(fd)); }

}  // namespace immure::vmm::virtio
