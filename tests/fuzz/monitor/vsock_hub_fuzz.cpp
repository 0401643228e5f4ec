// Any sequence of what a hostile VMM and programs of the host can say to the monitor's vsock hub.
#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/vsock_hub.hpp"
#include "tests/fuzz/vmm/fuzz_input.hpp"

using namespace immure;
using namespace immure::monitor;
using immure::vmm::test::FuzzInput;
using policy::VsockFrame;
using policy::VsockOp;

namespace {

struct Harness {
  Harness() {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) std::abort();
    vmm.reset(pair[0]);
    UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un any{.sun_family = AF_UNIX, .sun_path = {}};
    if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&any), sizeof(sa_family_t)) != 0) std::abort();
    if (::listen(listener.get(), 8) != 0) std::abort();
    size = sizeof address;
    if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) std::abort();
    hub.emplace(UniqueFd(pair[1]), std::move(listener), ::getuid());
  }
  void turn() {
    polled.clear();
    hub->collect(polled);
    (void)::poll(polled.data(), polled.size(), 0);
    hub->serve(polled);
  }
  void add_program() {
    if (programs.size() == 6) return;
    programs.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(programs.back().get(), reinterpret_cast<sockaddr*>(&address), size) != 0)
      programs.pop_back();
  }
  void step(FuzzInput& input) {
    std::array<char, 1 << 15> bytes{};
    switch (input.take<std::uint8_t>() % 7) {
      case 0:
        return add_program();
      case 1: {
        const std::string line = (input.take<std::uint8_t>() & 1) != 0 ? "CONNECT 1\n" : "ACCEPT 2\n";
        if (!programs.empty())
          (void)::send(programs[input.take<std::uint8_t>() % programs.size()].get(), line.data(), line.size(),
                       MSG_NOSIGNAL);
        return;
      }
      case 2: {
        const auto text = input.take_bytes(input.take<std::uint8_t>());
        if (!programs.empty())
          (void)::send(programs[input.take<std::uint8_t>() % programs.size()].get(), text.data(), text.size(),
                       MSG_NOSIGNAL);
        return;
      }
      case 3:
        if (!programs.empty())
          programs.erase(programs.begin() +
                         input.take<std::uint8_t>() % static_cast<std::ptrdiff_t>(programs.size()));
        return;
      case 4: {
        const VsockFrame frame{
            .op = static_cast<VsockOp>(input.take<std::uint8_t>() % 9U),
            .host_port = (input.take<std::uint8_t>() & 1) != 0
                             ? policy::first_vsock_host_port + input.take<std::uint8_t>() % 4U
                             : 2U,
            .guest_port = input.take<std::uint8_t>() % 3U,
            .value = input.take<std::uint16_t>()};
        std::memcpy(bytes.data(), &frame, sizeof frame);
        const auto data = frame.op == VsockOp::data ? frame.value % policy::max_vsock_payload : 0U;
        auto sized = frame;
        if (frame.op == VsockOp::data) sized.value = data;
        std::memcpy(bytes.data(), &sized, sizeof sized);
        (void)::send(vmm.get(), bytes.data(), sizeof frame + data, MSG_NOSIGNAL);
        return;
      }
      case 5: {
        const auto frame = input.take_bytes(input.take<std::uint8_t>());
        (void)::send(vmm.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
        return;
      }
      default:
        while (::recv(vmm.get(), bytes.data(), bytes.size(), 0) > 0) {
        }
        for (const auto& program : programs) (void)::recv(program.get(), bytes.data(), bytes.size(), 0);
    }
  }

  UniqueFd vmm;
  std::vector<UniqueFd> programs;
  std::optional<VsockHub> hub;
  std::vector<pollfd> polled;
  sockaddr_un address{};
  socklen_t size = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  Harness harness;
  for (int steps = 0; steps < 256 && !input.at_end(); ++steps) {
    harness.step(input);
    harness.turn();
    // The channel, the listener, and never more streams than there may be.
    if (harness.polled.size() > 2 + std::size_t{policy::max_vsock_connections}) std::abort();
  }
  return 0;
}
