// Any sequence of what a guest can do to a virtio function: configuration space, BAR, memory, notifications,
// in any order, against each of the devices.
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/vmm/fuzz_input.hpp"
#include "tests/unit/vmm/virtio/disk_record.hpp"
#include "tests/unit/vmm/virtio/fake_machine.hpp"
#include "tests/unit/vmm/virtio/fake_wire.hpp"
#include "vmm/virtio/balloon.hpp"
#include "vmm/virtio/block.hpp"
#include "vmm/virtio/console.hpp"
#include "vmm/virtio/net.hpp"
#include "vmm/virtio/rng.hpp"
#include "vmm/virtio/vsock.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::test;
using namespace immure::vmm::virtio;

namespace {

constexpr std::uint64_t memory_size = 64 * 1024;
constexpr off_t disk_size = 32 * 1024;
constexpr std::uint32_t guest_cid = 3;

int shared_disk() {
  static const int disk = [] {
    const int fd = ::memfd_create("disk", MFD_CLOEXEC);
    if (::ftruncate(fd, disk_size) != 0) std::abort();
    return fd;
  }();
  return disk;
}

/// The kind is in the low bits of an input's first byte; the others say how the driver begins.
constexpr unsigned network_bit = 8;
constexpr unsigned started_bit = 4;
constexpr unsigned offloads_bit = 16;
constexpr unsigned socket_bit = 32;
constexpr unsigned balloon_bit = 64;
constexpr unsigned ring_bit = 128;

std::unique_ptr<Device> make_network(UniqueFd& peer) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) std::abort();
  peer.reset(pair[1]);
  return Net::create(std::make_unique<FakeWire>(UniqueFd(pair[0])), "fuzz", {2, 0, 0, 0, 0, 1});
}

std::unique_ptr<Device> make_socket_device(UniqueFd& peer) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) std::abort();
  peer.reset(pair[1]);
  return FakeQueue::must(Vsock::create(UniqueFd(pair[0]), guest_cid));
}

std::unique_ptr<Device> make_device(unsigned shape, UniqueFd& peer, const GuestMemory& memory) {
  const auto engine = (shape & ring_bit) != 0 ? policy::DiskEngine::io_uring : policy::DiskEngine::plain;
  const auto disk = [engine](policy::DiskAccess access) {
    return FakeQueue::must(Block::create(UniqueFd(::dup(shared_disk())), a_disk(access, engine)));
  };
  if ((shape & network_bit) != 0) return make_network(peer);
  if ((shape & socket_bit) != 0) return make_socket_device(peer);
  if ((shape & balloon_bit) != 0) return FakeQueue::must(Balloon::create(memory));
  const auto kind = shape % 4;
  if (kind == 0) return disk(policy::DiskAccess::read_write);
  if (kind == 1) return disk(policy::DiskAccess::read_only);
  if (kind == 2) return std::make_unique<Rng>();
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) std::abort();
  peer.reset(pair[1]);
  return FakeQueue::must(Console::create(UniqueFd(pair[0])));
}

struct Guest {
  explicit Guest(unsigned shape)
      : machine([&](const GuestMemory& memory) { return make_device(shape, peer, memory); }, memory_size) {}

  /// Two queues that are set up already, so that the fuzzer need not find the way there.
  void start(std::uint64_t features) {
    machine.enable_pci();
    machine.negotiate(features);
    for (std::uint16_t i = 0; i < 2; ++i) machine.enable_queue(i, queues.at(i));
    machine.set_status(15);
  }
  /// A chain that looks like a block request: a plausible header, buffers of any kind, and room for a status.
  void request(FuzzInput& input) {
    constexpr std::uint64_t header = 0xfff0;
    FakeQueue::must(machine.memory.write_object(
        GuestAddress{header},
        BlockHeader{
            .type = input.take<std::uint8_t>() % 16U, .reserved = 0, .sector = input.take<std::uint8_t>()}));
    std::vector<Buffer> buffers{readable(header, 16)};
    for (int count = input.take<std::uint8_t>() % 4; count > 0; --count) {
      const auto sectors = input.take<std::uint8_t>();
      const auto address = input.take<std::uint16_t>();
      buffers.push_back((sectors & 0x80) != 0 ? writable(address, (sectors & 0xfU) * 512)
                                              : readable(address, (sectors & 0xfU) * 512));
    }
    buffers.push_back(writable(input.take<std::uint16_t>(), input.take<std::uint8_t>()));
    const std::uint16_t index = input.take<std::uint8_t>() % 2;
    queues.at(index).add(buffers);
    machine.notify(index);
  }

  /// A packet of the socket device that is plausible but for what the fuzzer chooses.
  void socket_packet(FuzzInput& input) {
    constexpr std::uint64_t packet = 0xf000;
    VsockHeader header{.source_cid = guest_cid, .destination_cid = vsock_host_cid};
    header.source_port = input.take<std::uint8_t>() % 4U;
    header.destination_port = input.take<std::uint8_t>() % 4U;
    header.op = static_cast<VsockPacketOp>(input.take<std::uint8_t>() % 9U);
    header.length = input.take<std::uint16_t>();
    header.flags = input.take<std::uint8_t>();
    header.buffer_size = input.take<std::uint32_t>();
    header.forwarded = input.take<std::uint32_t>();
    FakeQueue::must(machine.memory.write_object(GuestAddress{packet}, header));
    queues.at(0).add({writable(input.take<std::uint16_t>(), input.take<std::uint8_t>() * 64U)});
    queues.at(1).add({readable(packet, 44), readable(0, header.length)});
    machine.notify(0);
    machine.notify(1);
  }

  UniqueFd peer;
  FakeMachine machine;
  std::array<FakeQueue, 2> queues{FakeQueue(machine.memory, 0, 16),
                                  FakeQueue(machine.memory, FakeQueue::bytes, 16)};
};

template <typename Write>
void write_of_any_width(FuzzInput& input, Write write) {
  switch (input.take<std::uint8_t>() % 4) {
    case 0:
      return write(input.take<std::uint8_t>());
    case 1:
      return write(input.take<std::uint16_t>());
    case 2:
      return write(input.take<std::uint32_t>());
    default:
      return write(input.take<std::uint64_t>());
  }
}

void step(Guest& guest, FuzzInput& input) {
  auto& machine = guest.machine;
  switch (input.take<std::uint8_t>() % 11) {
    case 0: {
      const auto offset = input.take<std::uint16_t>();
      return write_of_any_width(input, [&](auto value) { machine.bar_write(offset, value); });
    }
    case 1:
      (void)machine.bar_read<std::uint64_t>(input.take<std::uint16_t>());
      return;
    case 2: {
      const auto offset = input.take<std::uint8_t>();
      return write_of_any_width(input, [&](auto value) { machine.config_write(offset, value); });
    }
    case 3:
      (void)machine.config_read<std::uint32_t>(input.take<std::uint16_t>() & 0xfffU);
      return;
    case 4: {
      const auto address = input.take<std::uint16_t>();
      (void)machine.memory.write(GuestAddress{address}, input.take_bytes(input.take<std::uint8_t>()));
      return;
    }
    case 5:
      return machine.notify(input.take<std::uint8_t>() % 4);
    case 6:
      if (guest.peer) {
        const auto bytes = input.take_bytes(input.take<std::uint8_t>());
        (void)!::write(guest.peer.get(), bytes.data(), bytes.size());
      }
      return;
    case 7:
      return guest.request(input);
    case 9:
      return guest.socket_packet(input);
    case 10: {
      // What the monitor says of the guest's sockets.
      const policy::VsockFrame frame{.op = static_cast<policy::VsockOp>(input.take<std::uint8_t>() % 9U),
                                     .host_port = input.take<std::uint8_t>() % 4U,
                                     .guest_port = input.take<std::uint8_t>() % 4U,
                                     .value = input.take<std::uint8_t>()};
      std::array<std::byte, sizeof(frame) + 256> bytes{};
      std::memcpy(bytes.data(), &frame, sizeof(frame));
      const auto size = sizeof(frame) + (frame.op == policy::VsockOp::data ? frame.value : 0);
      if (guest.peer) (void)!::write(guest.peer.get(), bytes.data(), size);
      return;
    }
    default:
      FakeQueue::must(machine.loop.run_once(std::chrono::milliseconds(0)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool ignored = std::signal(SIGPIPE, SIG_IGN) != SIG_ERR;
  if (!ignored) std::abort();
  FuzzInput input(data, size);
  const auto shape = input.take<std::uint8_t>();
  Guest guest(shape);
  auto& machine = guest.machine;
  const auto net_features =
      feature::net_mergeable_buffers | feature::net_guest_checksum | feature::net_guest_tso4;
  if ((shape & started_bit) != 0) {
    const auto offloads = (shape & offloads_bit) != 0 ? net_features : 0;
    const bool is_disk = (shape & (network_bit | socket_bit | balloon_bit | 2)) == 0;
    guest.start(feature::common | ((shape & network_bit) != 0 ? offloads
                                   : is_disk                  ? feature::block_flush
                                                              : 0));
  }
  for (int steps = 0; steps < 512 && !input.at_end(); ++steps) step(guest, input);
  machine.run();

  // Whatever happened, a reset is answered, and the disk has the size it had.
  machine.enable_pci();
  machine.set_status(0);
  constexpr std::size_t most_queues = 4;  // the balloon's
  if (machine.events.doorbells.size() > most_queues) std::abort();
  if (::lseek(shared_disk(), 0, SEEK_END) != disk_size) std::abort();
  return 0;
}
