#include "vmm/memory/guest_memory.hpp"

#include <atomic>
#include <cstring>
#include <memory>
#include <string>

#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/checked.hpp"
#include "vmm/machine_layout.hpp"
#include "vmm/memory/numa_ranges.hpp"

namespace immure::vmm {
namespace {

using policy::MemoryPages;
using policy::Switch;

constexpr std::uint64_t huge_page_bytes = 2ULL << 20;

std::byte* first_huge_page(std::span<std::byte> mapping) {
  void* start = mapping.data();
  auto room = mapping.size();
  return static_cast<std::byte*>(std::align(huge_page_bytes, mapping.size() - huge_page_bytes, start, room));
}

/// From the host's reserve, all of it now: later the lack of a page would be a signal that ends the VMM.
Result<UniqueMapping> map_reserved(std::uint64_t length, MemoryPages pages) {
  const int size_flag = pages == MemoryPages::huge_1g ? MAP_HUGE_1GB : MAP_HUGE_2MB;
  auto mapping = UniqueMapping::map(length, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | size_flag);
  if (mapping) return mapping;
  return invalid("memory.pages: the host has no " + std::to_string(length >> 20) + " MiB of huge pages of " +
                 (pages == MemoryPages::huge_1g ? "1 GiB" : "2 MiB") +
                 " left: raise nr_hugepages in /sys/kernel/mm/hugepages (" + mapping.error().message + ")");
}

/// Larger by one huge page, so that a huge page of the guest can be one of the host: both must be aligned.
Result<UniqueMapping> map_overcommitted(std::uint64_t length) {
  return UniqueMapping::map(length + huge_page_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
}

/// Where the label changes at exec, the kernel lowers the soft limits again that the launcher has set (see
/// selinux_bprm_committing_creds() in security/selinux/hooks.c). The hard one stands.
Result<void> lock(std::byte* host, std::uint64_t length) {
  rlimit limit{};
  IMMURE_TRY(checked(::getrlimit(RLIMIT_MEMLOCK, &limit), "memory.lock: ask for the limit"));
  limit.rlim_cur = limit.rlim_max;
  IMMURE_TRY(checked(::setrlimit(RLIMIT_MEMLOCK, &limit), "memory.lock: raise the soft limit"));
  return checked(::mlock(host, length), "memory.lock: lock " + std::to_string(length >> 20) + " MiB of " +
                                            std::to_string(limit.rlim_max >> 20) + " that may be");
}

/// Each node's part of a region to the host's node that it belongs to; before the first page is there.
Result<void> bind_nodes(const MemoryRegion& region, std::uint64_t memory_size,
                        const policy::NumaRecord& numa) {
  for (const auto& range : numa_ranges(memory_size, numa.nodes)) {
    if (numa.host_nodes.at(range.node) == 0 || range.start < region.start ||
        raw(range.start) - raw(region.start) >= region.size)
      continue;
    const std::uint32_t host_node = numa.host_nodes.at(range.node) - 1U;
    policy::HostSet nodes;
    nodes.add(host_node);
    const auto bound = ::syscall(SYS_mbind, region.host + (raw(range.start) - raw(region.start)), range.size,
                                 MPOL_BIND, nodes.bits.data(), policy::max_host_cpus + 1, 0);
    IMMURE_TRY(checked(bound, "numa.host_nodes: bind memory to the host's node " + std::to_string(host_node) +
                                  ", which it must have and this guest may use"));
  }
  return {};
}

/// What can fail only when it is asked for.
Result<void> settle(std::byte* host, std::uint64_t length, const MemoryBacking& backing) {
  if (backing.merge == Switch::on)
    IMMURE_TRY(
        checked(::madvise(host, length, MADV_MERGEABLE), "memory.merge: ask the kernel, which needs KSM"));
  if (backing.lock == Switch::on) IMMURE_TRY(lock(host, length));
  if (backing.prefault == Switch::on)
    IMMURE_TRY(checked(::madvise(host, length, MADV_POPULATE_WRITE),
                       "memory.prefault: fill " + std::to_string(length >> 20) + " MiB"));
  return {};
}

}  // namespace

Result<GuestMemory> GuestMemory::create(std::uint64_t size, const MemoryBacking& backing) {
  GuestMemory memory;
  const bool is_reserved = backing.pages == MemoryPages::huge_2m || backing.pages == MemoryPages::huge_1g;
  const auto add = [&](std::uint64_t start, std::uint64_t length) -> Result<void> {
    auto mapping =
        is_reserved ? IMMURE_TRY(map_reserved(length, backing.pages)) : IMMURE_TRY(map_overcommitted(length));
    auto* const host = is_reserved ? mapping.bytes().data() : first_huge_page(mapping.bytes());
    // A core dump or a forked child must never carry guest memory. Huge pages save most page faults and many
    // TLB misses. Advice that a kernel lacks is only advice.
    const int size_advice = backing.pages == MemoryPages::small ? MADV_NOHUGEPAGE : MADV_HUGEPAGE;
    for (const int advice : {MADV_DONTDUMP, MADV_DONTFORK, size_advice})
      (void)::madvise(host, length, advice);
    const MemoryRegion region{.start = GuestAddress{start}, .size = length, .host = host};
    IMMURE_TRY(bind_nodes(region, size, backing.numa));
    IMMURE_TRY(settle(host, length, backing));
    memory.regions_.push_back(region);
    memory.mappings_.push_back(std::move(mapping));
    return {};
  };
  IMMURE_TRY(add(0, std::min(size, layout::low_memory_end)));
  if (size > layout::low_memory_end)
    IMMURE_TRY(add(layout::high_memory_start, size - layout::low_memory_end));
  return memory;
}

Result<std::byte*> GuestMemory::locate(GuestAddress start, std::uint64_t size) const {
  for (const auto& region : regions_) {
    if (start < region.start) continue;
    const auto offset = raw(start) - raw(region.start);
    if (range_fits(offset, size, region.size)) return region.host + offset;
  }
  return invalid("guest memory access outside RAM");
}

Result<void> GuestMemory::read(GuestAddress from, std::span<std::byte> into) const {
  std::memcpy(into.data(), IMMURE_TRY(locate(from, into.size())), into.size());
  return {};
}

Result<void> GuestMemory::write(GuestAddress to, std::span<const std::byte> from) const {
  std::memcpy(IMMURE_TRY(locate(to, from.size())), from.data(), from.size());
  return {};
}

Result<std::uint16_t> GuestMemory::load_acquire_u16(GuestAddress from) const {
  if (raw(from) % 2 != 0) return invalid("guest ring index is not aligned");
  auto* const host = reinterpret_cast<std::uint16_t*>(IMMURE_TRY(locate(from, 2)));
  return std::atomic_ref(*host).load(std::memory_order_acquire);
}

Result<void> GuestMemory::store_release_u16(GuestAddress to, std::uint16_t value) const {
  if (raw(to) % 2 != 0) return invalid("guest ring index is not aligned");
  auto* const host = reinterpret_cast<std::uint16_t*>(IMMURE_TRY(locate(to, 2)));
  std::atomic_ref(*host).store(value, std::memory_order_release);
  return {};
}

Result<void> GuestMemory::discard(GuestAddress start, std::uint64_t size) const {
  constexpr std::uint64_t page_bytes = 4096;
  if (raw(start) % page_bytes != 0 || size % page_bytes != 0) return invalid("discard of a part of a page");
  return checked(::madvise(IMMURE_TRY(locate(start, size)), size, MADV_DONTNEED), "discard guest memory");
}

Result<iovec> GuestMemory::io_slice(GuestAddress start, std::uint64_t size, GuestAccess /*access*/) const {
  auto* const host = IMMURE_TRY(locate(start, size));
  return iovec{.iov_base = host, .iov_len = size};
}

}  // namespace immure::vmm
