// Any bytes from the program behind a network's stream socket, in pieces of any size, while frames go the
// other way.
#include <csignal>
#include <cstdlib>
#include <vector>

#include <sys/socket.h>

#include "tests/fuzz/vmm/fuzz_input.hpp"
#include "vmm/virtio/frame_stream.hpp"

using namespace immure;
using namespace immure::vmm::test;
using namespace immure::vmm::virtio;

namespace {

void send_frame(FrameStream& stream, std::span<std::byte> bytes, std::size_t size) {
  const iovec frame{.iov_base = bytes.data(), .iov_len = std::min(size, bytes.size())};
  (void)stream.send(std::span(&frame, 1));
}

/// All that has come; false once there is an error.
bool receive_all(FrameStream& stream, std::span<std::byte> buffer) {
  for (;;) {
    const auto size = stream.receive(buffer);
    if (!size) return false;
    if (*size == 0) return true;
    if (*size <= sizeof(NetHeader) || *size > buffer.size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::vector<std::byte> buffer(max_frame_bytes);
  ::signal(SIGPIPE, SIG_IGN);
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) std::abort();
  UniqueFd peer(pair[1]);
  const auto stream = FrameStream::create(UniqueFd(pair[0])).value();
  FuzzInput input(data, size);
  while (!input.at_end()) {
    const auto bytes = input.take_bytes(input.take<std::uint16_t>());
    if (peer) (void)::send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    const auto deed = input.take<std::uint8_t>();
    if ((deed & 1) != 0) send_frame(*stream, buffer, input.take<std::uint16_t>());
    if (deed == 0x80) peer.reset();
    const auto good = receive_all(*stream, buffer);
    // An error is told once, and nothing comes after it.
    if (!good && !receive_all(*stream, buffer)) std::abort();
  }
  return 0;
}
