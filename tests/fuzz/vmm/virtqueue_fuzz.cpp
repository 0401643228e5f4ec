// Any bytes as guest memory with a queue in it, served by a device that touches every buffer it is given.
#include <cstdlib>

#include "tests/fuzz/vmm/fuzz_input.hpp"
#include "vmm/virtio/device_ids.hpp"
#include "vmm/virtio/virtqueue.hpp"

using namespace immure::vmm;
using namespace immure::vmm::test;
using namespace immure::vmm::virtio;

namespace {

constexpr std::uint64_t memory_size = 64 * 1024;

void touch(const DescriptorChain& chain, IoVectors& storage) {
  const auto& readable = chain.readable();
  const auto& writable = chain.writable();
  std::array<std::byte, 64> bytes{};
  (void)readable.read(readable.size() / 2, bytes);
  if (writable.size() > 0 && !writable.write(writable.size() - 1, std::span(bytes).first(1))) std::abort();
  std::uint64_t total = 0;
  const auto slices = writable.io_slices(0, writable.size(), GuestAccess::device_writes, storage);
  if (!slices) std::abort();
  for (const auto& slice : *slices) {
    total += slice.iov_len;
    // The host's own addresses: what AddressSanitizer cannot see is an mmap's end, so both ends are touched.
    if (slice.iov_len > 0) {
      *static_cast<volatile char*>(slice.iov_base) = 1;
      *(static_cast<volatile char*>(slice.iov_base) + slice.iov_len - 1) = 1;
    }
  }
  if (total != writable.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto memory = *GuestMemory::create(memory_size);
  FuzzInput input(data, size);
  const auto shape = input.take<std::uint8_t>();
  const QueueSetup setup{.size = static_cast<std::uint16_t>(1U << (shape & 15U)),
                         .descriptors = GuestAddress{input.take<std::uint16_t>() & ~15U},
                         .available = GuestAddress{input.take<std::uint16_t>()},
                         .used = GuestAddress{input.take<std::uint16_t>()}};
  const auto features = (shape & 16) != 0 ? feature::common : feature::version_1;
  auto queue = Virtqueue::create(memory, setup, features);
  if (!queue) return 0;

  static const std::array<std::byte, memory_size> zeros{};
  (void)memory.write(GuestAddress{0}, zeros);
  while (!input.at_end()) {
    const auto address = input.take<std::uint16_t>();
    const auto bytes = input.take_bytes(input.take<std::uint8_t>());
    (void)memory.write(GuestAddress{address}, bytes);
  }

  static DescriptorChain chain;
  static IoVectors storage{};
  // As often as an index can move; a queue that never ends would be found by the fuzzer's own time limit.
  for (int served = 0; served < 1 << 16; ++served) {
    const auto popped = queue->pop(chain);
    if (!popped) break;
    if (!*popped) {
      const auto more = queue->request_notifications();
      if (!more || !*more) break;
      continue;
    }
    touch(chain, storage);
    if (!queue->push_used(chain, 1) || !queue->take_interrupt()) break;
  }
  return 0;
}
