#include "monitor/varlink_hub.hpp"

#include <algorithm>

#include <sys/socket.h>

#include "monitor/peer.hpp"
#include "monitor/varlink_call.hpp"

namespace immure::monitor {

using policy::ControlKind;

VarlinkHub::VarlinkHub(UniqueFd listener, uid_t owner, const policy::VmmRecord& record)
    : listener_(std::move(listener)), owner_(owner), facts_{.record = record} {
  clients_.reserve(max_clients);
}

void VarlinkHub::collect(std::vector<pollfd>& polled) const {
  // At the cap a newcomer takes the place of one that is idle; where none is, it waits in the backlog.
  // poll(2) passes over a negative fd.
  const bool has_place =
      clients_.size() < max_clients || std::ranges::any_of(clients_, &VarlinkClient::is_idle);
  polled.push_back({.fd = has_place ? listener_.get() : -1, .events = POLLIN, .revents = 0});
  for (const auto& client : clients_)
    polled.push_back({.fd = client.fd(), .events = client.wanted_events(), .revents = 0});
}

bool VarlinkHub::has_deadline() const {
  return std::ranges::any_of(clients_, [](const VarlinkClient& client) {
    return client.waiting.has_value() || client.has_output();
  });
}

void VarlinkHub::serve(std::span<const pollfd> polled, VmmLink& vmm) {
  const auto now = Clock::now();
  // Backwards, so that a client that goes moves none of those that come; before a newcomer takes a place.
  for (auto i = clients_.size(); i-- > 0;) {
    if (serve_client(clients_[i], polled[i + 1].revents, vmm, now) == ClientState::gone)
      clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (polled[0].revents != 0) accept_client();
}

void VarlinkHub::accept_client() {
  UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd || !is_allowed(fd.get(), owner_)) return;
  if (clients_.size() == max_clients) {
    // Whoever keeps places for nothing keeps nobody out.
    const auto longest = std::ranges::min_element(clients_, {}, [](const VarlinkClient& client) {
      return client.is_idle() ? client.last_progress() : Clock::time_point::max();
    });
    if (!longest->is_idle()) return;
    clients_.erase(longest);
  }
  clients_.emplace_back(std::move(fd), Clock::now());
}

ClientState VarlinkHub::serve_client(VarlinkClient& client, short events, VmmLink& vmm,
                                     Clock::time_point now) {
  if ((events & POLLIN) != 0) {
    if (client.receive(now) == ClientState::gone) return ClientState::gone;
  } else if ((events & (POLLHUP | POLLERR)) != 0) {
    return ClientState::gone;
  }
  if (client.waiting && now > client.waiting->deadline && answer(client, ETIMEDOUT) == ClientState::gone)
    return ClientState::gone;
  for (;;) {
    if (client.flush(now) == ClientState::gone) return ClientState::gone;
    const auto text = client.next_call();
    if (!text) return client.has_ended() ? ClientState::gone : ClientState::alive;
    if (handle(client, *text, vmm, now) == ClientState::gone) return ClientState::gone;
  }
}

/// Who does not speak the protocol is disconnected; all else is answered.
ClientState VarlinkHub::handle(VarlinkClient& client, std::string_view text, VmmLink& vmm,
                               Clock::time_point now) {
  const auto call = parse_call(text);
  if (!call) return ClientState::gone;
  const auto decision = decide(*call, facts_);
  if (const auto* request = std::get_if<VmmRequest>(&decision))
    return ask(client, *request, call->is_oneway, vmm, now);
  if (std::holds_alternative<Subscription>(decision)) return subscribe(client);
  return call->is_oneway ? ClientState::alive : client.queue(std::get<std::string>(decision));
}

ClientState VarlinkHub::ask(VarlinkClient& client, const VmmRequest& request, bool is_oneway, VmmLink& vmm,
                            Clock::time_point now) {
  client.waiting = {
      .request = request, .token = next_token_++, .deadline = now + vmm_time, .is_oneway = is_oneway};
  const auto sent = vmm.request({.header = {},
                                 .kind = request.kind,
                                 .result = 0,
                                 .token = client.waiting->token,
                                 .value = request.value,
                                 .limit = request.limit});
  return sent ? ClientState::alive : answer(client, sent.error().error_number);
}

ClientState VarlinkHub::subscribe(VarlinkClient& client) {
  if (std::ranges::count_if(clients_, &VarlinkClient::is_subscribed) >=
      static_cast<std::ptrdiff_t>(max_subscribers))
    return client.queue(answer_text({}, EBUSY, nullptr, facts_));
  client.is_subscribed = true;
  return client.queue(subscribed_text());
}

ClientState VarlinkHub::answer(VarlinkClient& client, std::int32_t result,
                               const policy::StatisticsMessage* statistics) {
  const auto waited = *std::exchange(client.waiting, std::nullopt);
  if (waited.is_oneway) return ClientState::alive;
  return client.queue(answer_text(waited.request, result, statistics, facts_));
}

void VarlinkHub::take(const VmmMessage& message) {
  switch (message.kind) {
    case ControlKind::started:
      facts_.phase = GuestPhase::running;
      ++facts_.starts;
      return tell_subscribers(started_text());
    case ControlKind::ended:
      facts_.phase = GuestPhase::ended;
      return tell_subscribers(ended_text(static_cast<policy::EndCause>(message.value)));
    default:
      return take_answer(message);
  }
}

/// An answer that comes too late, or to nobody's question, is dropped.
void VarlinkHub::take_answer(const VmmMessage& message) {
  const auto client = std::ranges::find_if(clients_, [&](const VarlinkClient& each) {
    return each.waiting && each.waiting->token == message.token && each.waiting->request.kind == message.kind;
  });
  if (client == clients_.end()) return;
  if (message.statistics && !is_one_of_ours(*message.statistics)) return;
  if (message.result == 0) {
    if (const auto event = event_text(client->waiting->request)) tell_subscribers(*event);
  }
  (void)answer(*client, message.result, message.statistics ? &*message.statistics : nullptr);
}

/// Of a machine with just these devices.
bool VarlinkHub::is_one_of_ours(const policy::StatisticsMessage& statistics) const {
  const auto& record = facts_.record;
  return statistics.disk_count == record.disk_count && statistics.net_count == record.net_count &&
         statistics.vcpu_count == record.vcpus;
}

/// One that does not read loses its place at its next turn: poll(2) was told of it where it stands now.
void VarlinkHub::tell_subscribers(const std::string& event) {
  for (auto& client : clients_)
    if (client.is_subscribed) (void)client.queue(event);
}

}  // namespace immure::monitor
