#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include <poll.h>
#include <sys/types.h>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "monitor/client.hpp"
#include "monitor/vmm_link.hpp"
#include "monitor/vsock_hub.hpp"

namespace immure::monitor {

constexpr std::size_t max_clients = 16;

/// Serves clients until the VMM is gone: one thread, one poll(2) loop, memory bounded by the constants above.
class Server {
 public:
  /// `listener`: a listening SEQPACKET socket. Root and `owner` are served, nobody else.
  Server(VmmLink vmm, UniqueFd listener, uid_t owner);
  /// Serves the guest's vsock as well; before run().
  void add_vsock(VsockHub hub) { vsock_.emplace(std::move(hub)); }

  /// Runs until the VMM's console ends and its last words were offered to every client.
  Result<void> run();

 private:
  void collect_poll_set();
  /// One turn: waits, then serves whatever is ready. `closed` once the VMM is gone.
  Result<LinkState> turn();
  LinkState serve_vmm();
  void accept_client();
  void serve_clients();
  ClientState receive(Client& client);
  ClientState handle(Client& client, const policy::MonitorMessage& message);
  ClientState read_log(Client& client, LogReading how);
  ClientState pass_on_request(Client& client, policy::ControlKind kind, std::uint64_t value,
                              const policy::LimitChange& limit = {});
  ClientState pass_on_limit(Client& client, const policy::MonitorMessage& message);
  void pass_on_answer(std::int32_t result);
  /// Sends what is left and `closed`; gives up after a bounded time.
  void say_goodbye();
  [[nodiscard]] short ready(int fd) const;

  VmmLink vmm_;
  UniqueFd listener_;
  uid_t owner_;
  std::vector<Client> clients_;
  std::uint64_t next_client_id_ = 1;
  /// Clients whose power button press the VMM has not answered yet, in the order sent.
  std::deque<std::uint64_t> waiting_;
  std::optional<VsockHub> vsock_;
  std::vector<pollfd> polled_;
  std::size_t vsock_polled_ = 0;  ///< where in polled_ those of vsock_ begin
};

}  // namespace immure::monitor
