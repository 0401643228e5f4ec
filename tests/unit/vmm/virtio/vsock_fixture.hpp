#pragma once

#include <cstring>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include "tests/unit/vmm/virtio/fake_queue.hpp"
#include "vmm/virtio/vsock.hpp"

namespace immure::vmm::test {

/// What the guest reads of one packet; the header's fields where a reference to them is allowed.
struct GuestPacket {
  struct Header {
    std::uint64_t source_cid;
    std::uint64_t destination_cid;
    std::uint32_t source_port;
    std::uint32_t destination_port;
    std::uint32_t length;
    virtio::VsockPacketOp op;
    std::uint32_t buffer_size;
    std::uint32_t forwarded;
  };
  Header header;
  std::string data;
};

/// The device between a guest's driver and a monitor, both played by the test.
struct VsockFixture {
  static constexpr std::uint32_t cid = 42;
  static constexpr std::uint64_t packet = 0x40000;
  static constexpr std::uint64_t buffers = 0x60000;
  static constexpr std::uint32_t buffer_size = 4096;

  VsockFixture() : memory(FakeQueue::must(GuestMemory::create(1 << 20))) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
      throw std::runtime_error("socketpair");
    monitor.reset(pair[1]);
    device = FakeQueue::must(virtio::Vsock::create(UniqueFd(pair[0]), cid));
    device->start(virtio::feature::common);
    give_buffers(16);
    serve();
    take_frames();  // the reset that a new device begins with
  }

  /// Serves both queues until nothing more happens.
  void serve() {
    for (int i = 0; i < 20; ++i) {
      FakeQueue::must(device->serve(0, receive));
      FakeQueue::must(device->serve(1, transmit));
    }
  }
  void give_buffers(unsigned count, std::uint32_t size = buffer_size) {
    for (unsigned i = 0; i < count; ++i) {
      const auto slot = next_buffer_++ % 64;
      input.add({writable(buffers + slot * buffer_size, size)});
    }
  }
  /// The packets that the driver has got since it last looked.
  std::vector<GuestPacket> packets() {
    std::vector<GuestPacket> out;
    for (; seen_ != input.used_index(); ++seen_) {
      const auto used = input.used(seen_);
      const auto descriptor =
          FakeQueue::must(memory.read_object<virtio::Descriptor>(GuestAddress{0x10000 + 16ULL * used.head}));
      const auto head =
          FakeQueue::must(memory.read_object<virtio::VsockHeader>(GuestAddress{descriptor.address}));
      out.push_back({.header = {.source_cid = head.source_cid,
                                .destination_cid = head.destination_cid,
                                .source_port = head.source_port,
                                .destination_port = head.destination_port,
                                .length = head.length,
                                .op = head.op,
                                .buffer_size = head.buffer_size,
                                .forwarded = head.forwarded},
                     .data = get_text(memory, descriptor.address + 44, used.written - 44)});
    }
    return out;
  }
  /// A packet of the guest, as Linux sends it.
  static virtio::VsockHeader header(virtio::VsockPacketOp op, std::uint32_t guest_port,
                                    std::uint32_t host_port, std::uint32_t length = 0) {
    return {.source_cid = cid,
            .destination_cid = virtio::vsock_host_cid,
            .source_port = guest_port,
            .destination_port = host_port,
            .length = length,
            .type = virtio::vsock_type_stream,
            .op = op,
            .flags = 0,
            .buffer_size = 65536,
            .forwarded = 0};
  }
  void put_packet(const virtio::VsockHeader& head, const std::string& data = "") {
    FakeQueue::must(memory.write_object(GuestAddress{packet}, head));
    put_text(memory, packet + 44, data);
    output.add({readable(packet, static_cast<std::uint32_t>(44 + data.size()))});
  }
  Result<virtio::Progress> send(const virtio::VsockHeader& head, const std::string& data = "") {
    put_packet(head, data);
    return device->serve(1, transmit);
  }
  void say(const policy::VsockFrame& frame, const std::string& data = "") const {
    auto bytes = std::string(reinterpret_cast<const char*>(&frame), sizeof frame) + data;
    if (::send(monitor.get(), bytes.data(), bytes.size(), 0) < 0) throw std::runtime_error("send");
  }
  /// What the monitor was told: the frame, and the data behind it.
  std::vector<std::pair<policy::VsockFrame, std::string>> take_frames() const {
    std::vector<std::pair<policy::VsockFrame, std::string>> out;
    std::vector<char> bytes(1 << 17);
    for (;;) {
      const auto count = ::recv(monitor.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (count < static_cast<ssize_t>(sizeof(policy::VsockFrame))) return out;
      policy::VsockFrame frame;
      std::memcpy(&frame, bytes.data(), sizeof frame);
      out.emplace_back(frame, std::string(bytes.data() + sizeof frame, bytes.data() + count));
    }
  }
  /// A connection that the guest opened to port 1000 of the host, from port 7.
  void connect_from_guest() {
    FakeQueue::must(send(header(virtio::VsockPacketOp::request, 7, 1000)));
    say({.op = policy::VsockOp::opened, .host_port = 1000, .guest_port = 7});
    serve();
    take_frames();
    packets();
  }

  GuestMemory memory;
  UniqueFd monitor;
  std::unique_ptr<virtio::Vsock> device;
  FakeQueue input{memory, 0x10000, 64};
  FakeQueue output{memory, 0x20000, 64};
  virtio::Virtqueue receive =
      FakeQueue::must(virtio::Virtqueue::create(memory, input.setup(), virtio::feature::common));
  virtio::Virtqueue transmit =
      FakeQueue::must(virtio::Virtqueue::create(memory, output.setup(), virtio::feature::common));

 private:
  unsigned next_buffer_ = 0;
  std::uint16_t seen_ = 0;
};

}  // namespace immure::vmm::test
