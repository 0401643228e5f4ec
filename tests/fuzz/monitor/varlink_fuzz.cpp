// Whatever bytes a client says at the varlink socket, and whatever a VMM answers: each input is a sequence of
// parts of a client's stream; the first byte of a part says how the VMM behaves after it.
#include <array>
#include <cstdlib>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/varlink_hub.hpp"
#include "tests/fuzz/vmm/fuzz_input.hpp"

using namespace immure;
using namespace immure::monitor;
using immure::vmm::test::FuzzInput;

namespace {

struct Harness {
  Harness() {
    int console[2];
    int control[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, console) != 0 ||
        ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, control) != 0)
      std::abort();
    vmm_console.reset(console[0]);
    vmm.reset(control[0]);
    link.emplace(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), UniqueFd(console[1]),
                 UniqueFd(control[1]));
    UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)) != 0 ||
        ::listen(listener.get(), 8) != 0)
      std::abort();
    socklen_t size = sizeof address;
    if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) std::abort();
    policy::VmmRecord record;
    record.memory_bytes = 64 << 20;
    record.vcpus = record.disk_count = 1;
    hub.emplace(std::move(listener), ::getuid(), record);
    client.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(client.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) std::abort();
  }
  void turn() {
    polled.clear();
    hub->collect(polled);
    (void)::poll(polled.data(), polled.size(), 0);
    for (auto message = link->receive(); message; message = link->receive()) hub->take(*message);
    hub->serve(polled, *link);
  }
  /// The VMM: answers as it should, with other numbers, with other bytes, or not at all.
  void answer(FuzzInput& input, unsigned how) {
    policy::ControlMessage request;
    if (::recv(vmm.get(), &request, sizeof request, 0) != sizeof request) return;
    if (how == 0) return;
    if (how == 3) {
      const auto bytes = input.take_bytes(input.take<std::uint8_t>());
      (void)::send(vmm.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      return;
    }
    if (request.kind != policy::ControlKind::statistics) {
      if (how == 2) request.result = input.take<std::int32_t>();
      if (how == 2) request.kind = static_cast<policy::ControlKind>(input.take<std::uint8_t>());
      (void)::send(vmm.get(), &request, sizeof request, MSG_NOSIGNAL);
      return;
    }
    policy::StatisticsMessage statistics{.header = policy::header_of<policy::StatisticsMessage>(),
                                         .token = request.token};
    statistics.disk_count = statistics.vcpu_count = how == 1 ? 1 : input.take<std::uint8_t>();
    statistics.disks[0].reads = input.take<std::uint64_t>();
    (void)::send(vmm.get(), &statistics, sizeof statistics, MSG_NOSIGNAL);
  }
  void hear() {
    std::array<char, 1 << 16> bytes{};
    while (::recv(client.get(), bytes.data(), bytes.size(), 0) > 0) {
    }
  }

  UniqueFd vmm_console;
  UniqueFd vmm;
  UniqueFd client;
  std::optional<VmmLink> link;
  std::optional<VarlinkHub> hub;
  std::vector<pollfd> polled;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  Harness harness;
  harness.turn();
  for (int steps = 0; steps < 64 && !input.at_end(); ++steps) {
    const auto head = input.take<std::uint8_t>();
    // A byte of length, or all that is left: seeds are readable that way.
    const auto part = input.take_bytes((head & 4) != 0 ? size : input.take<std::uint8_t>());
    (void)::send(harness.client.get(), part.data(), part.size(), MSG_NOSIGNAL);
    harness.turn();
    harness.answer(input, head & 3);
    harness.turn();
    if ((head & 8) == 0) harness.hear();
    // The listener and one client.
    if (harness.polled.size() > 2) std::abort();
  }
  return 0;
}
