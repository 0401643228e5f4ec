#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <poll.h>
#include <sys/types.h>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "monitor/client.hpp"
#include "monitor/varlink_hub.hpp"
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
  /// Serves io.immure.Guest as well; before run().
  void add_varlink(VarlinkHub hub) { varlink_.emplace(std::move(hub)); }

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
  /// Sends what is left and `closed`; gives up after a bounded time.
  void say_goodbye();
  [[nodiscard]] short ready(int fd) const;

  VmmLink vmm_;
  UniqueFd listener_;
  uid_t owner_;
  std::vector<Client> clients_;
  std::optional<VsockHub> vsock_;
  std::optional<VarlinkHub> varlink_;
  std::vector<pollfd> polled_;
  std::size_t varlink_polled_ = 0;  ///< where in polled_ those of varlink_ begin
  std::size_t vsock_polled_ = 0;    ///< and those of vsock_
};

}  // namespace immure::monitor
