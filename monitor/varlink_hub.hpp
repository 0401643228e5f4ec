#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <poll.h>
#include <sys/types.h>

#include "base/unique_fd.hpp"
#include "monitor/varlink_client.hpp"
#include "monitor/vmm_link.hpp"

namespace immure::monitor {

struct VarlinkCall;

/// Serves io.immure.Guest at a STREAM socket. Neither clients nor the VMM are trusted: the number of clients,
/// what they may say, what waits for them and how long they wait for the VMM are bounded.
class VarlinkHub {
 public:
  static constexpr std::size_t max_clients = 16;
  static constexpr std::size_t max_subscribers = 8;
  /// The VMM has so long to answer; its client is told that it did not.
  static constexpr std::chrono::seconds vmm_time{3};

  /// `listener`: a listening STREAM socket. Root and `owner` are served, nobody else.
  VarlinkHub(UniqueFd listener, uid_t owner, const policy::VmmRecord& record);

  /// Adds what poll(2) is to watch.
  void collect(std::vector<pollfd>& polled) const;
  /// Whether something has to happen although no fd becomes ready.
  [[nodiscard]] bool has_deadline() const;
  /// Serves what poll(2) found: the fds are in the order of collect(), from the front.
  void serve(std::span<const pollfd> polled, VmmLink& vmm);
  /// A checked message of the VMM.
  void take(const VmmMessage& message);

 private:
  void accept_client();
  ClientState serve_client(VarlinkClient& client, short events, VmmLink& vmm, Clock::time_point now);
  ClientState handle(VarlinkClient& client, std::string_view text, VmmLink& vmm, Clock::time_point now);
  ClientState ask(VarlinkClient& client, const VmmRequest& request, bool is_oneway, VmmLink& vmm,
                  Clock::time_point now);
  ClientState subscribe(VarlinkClient& client);
  ClientState answer(VarlinkClient& client, std::int32_t result,
                     const policy::StatisticsMessage* statistics = nullptr);
  void take_answer(const VmmMessage& message);
  void tell_subscribers(const std::string& event);
  [[nodiscard]] bool is_one_of_ours(const policy::StatisticsMessage& statistics) const;

  UniqueFd listener_;
  uid_t owner_;
  GuestFacts facts_;
  std::vector<VarlinkClient> clients_;
  std::uint64_t next_token_ = 1;
};

}  // namespace immure::monitor
