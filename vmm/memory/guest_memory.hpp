#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <sys/uio.h>

#include "base/result.hpp"
#include "base/unique_mapping.hpp"
#include "policy/guest_record.hpp"
#include "vmm/memory/guest_address.hpp"

namespace immure::vmm {

/// One piece of RAM as the guest sees it.
struct MemoryRegion {
  GuestAddress start{};
  std::uint64_t size = 0;
  std::byte* host = nullptr;
};

/// What the host keeps guest memory in.
struct MemoryBacking {
  policy::MemoryPages pages{};
  policy::Switch prefault{};
  policy::Switch lock{};
  policy::Switch merge{};
  policy::NumaRecord numa{};
};

enum class GuestAccess { device_reads, device_writes };

/// The one way to the guest's memory. Address and size in; bytes copied, or an Error out. Nothing hands out a
/// C++ reference into guest memory, since the guest can change it at any time: copy in, then check the copy.
/// Safe from several threads at once: the layout never changes after create().
class GuestMemory {
 public:
  /// Anonymous memory of `size` bytes: [0, 3 GiB) first, the rest from 4 GiB up (see machine_layout.hpp).
  /// Anonymous, not a memfd: only so can the kernel make huge pages of it by itself, and nobody else maps it.
  static Result<GuestMemory> create(std::uint64_t size, const MemoryBacking& backing = {});

  [[nodiscard]] std::span<const MemoryRegion> regions() const { return regions_; }

  Result<void> read(GuestAddress from, std::span<std::byte> into) const;
  Result<void> write(GuestAddress to, std::span<const std::byte> from) const;

  /// Copies a trivially copyable object in or out.
  template <typename T>
  Result<T> read_object(GuestAddress from) const;
  template <typename T>
  Result<void> write_object(GuestAddress to, const T& object) const;

  /// A ring index that guest and device share: one aligned 16-bit access with acquire or release order.
  Result<std::uint16_t> load_acquire_u16(GuestAddress from) const;
  Result<void> store_release_u16(GuestAddress to, std::uint16_t value) const;

  /// Gives whole pages back to the host: they read as zeros afterwards. An Error where either end is inside a
  /// page.
  Result<void> discard(GuestAddress start, std::uint64_t size) const;

  /// The same bytes as an iovec for the kernel to read or write (preadv, pwritev, getrandom). Only system
  /// calls may look through it. The range lies inside one region;.
  Result<iovec> io_slice(GuestAddress start, std::uint64_t size, GuestAccess access) const;

 private:
  [[nodiscard]] Result<std::byte*> locate(GuestAddress start, std::uint64_t size) const;

  std::vector<UniqueMapping> mappings_;
  std::vector<MemoryRegion> regions_;
};

template <typename T>
Result<T> GuestMemory::read_object(GuestAddress from) const {
  static_assert(std::is_trivially_copyable_v<T>);
  T object{};
  IMMURE_TRY(read(from, std::as_writable_bytes(std::span(&object, 1))));
  return object;
}

template <typename T>
Result<void> GuestMemory::write_object(GuestAddress to, const T& object) const {
  static_assert(std::is_trivially_copyable_v<T>);
  return write(to, std::as_bytes(std::span(&object, 1)));
}

}  // namespace immure::vmm
