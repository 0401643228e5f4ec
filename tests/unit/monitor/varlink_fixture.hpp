#pragma once

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/varlink_call.hpp"
#include "monitor/varlink_hub.hpp"

namespace immure::monitor::test {

/// The hub between clients and a VMM, both played by the test. Everything runs in one thread.
class VarlinkFixture {
 public:
  explicit VarlinkFixture(uid_t owner = ::getuid()) {
    auto [console, their_console] = pair_of(SOCK_STREAM);
    auto [control, their_control] = pair_of(SOCK_SEQPACKET);
    vmm_console_ = std::move(console);
    vmm = std::move(control);
    link_.emplace(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), std::move(their_console),
                  std::move(their_control));
    UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)) == 0);
    REQUIRE(::listen(listener.get(), 128) == 0);
    size_ = sizeof address_;
    REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address_), &size_) == 0);
    record.memory_bytes = 64 << 20;
    record.vcpus = 1;
    record.disk_count = 1;
    record.disks[0].id = BoundedString<32>::from("root", "id").value();
    hub_.emplace(std::move(listener), owner, record);
  }

  UniqueFd connect() {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address_), size_) == 0);
    turn();
    return fd;
  }
  void send(const UniqueFd& fd, std::string_view bytes) {
    REQUIRE(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    turn();
  }
  /// A whole call, its NUL behind it.
  static std::string call_text(const std::string& method,
                               const nlohmann::json& more = nlohmann::json::object()) {
    nlohmann::json call{{"method", method}};
    call.update(more);
    return call.dump() + '\0';
  }
  void call(const UniqueFd& fd, const std::string& method,
            const nlohmann::json& more = nlohmann::json::object()) {
    send(fd, call_text(method, more));
  }
  /// All that a client reads now; "EOF" at its end.
  std::string hear(const UniqueFd& fd) {
    turn();
    std::string text(1 << 20, '\0');
    const auto count = ::recv(fd.get(), text.data(), text.size(), 0);
    if (count == 0 || (count < 0 && errno == ECONNRESET)) return "EOF";
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }
  /// The messages that a client reads now.
  std::vector<nlohmann::json> answers(const UniqueFd& fd) {
    std::vector<nlohmann::json> out;
    const auto text = hear(fd);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\0', at);
      REQUIRE(end != text.npos);
      out.push_back(nlohmann::json::parse(text.substr(at, end - at)));
      at = end + 1;
    }
    return out;
  }
  std::optional<policy::ControlMessage> request() {
    turn();
    policy::ControlMessage message;
    if (::recv(vmm.get(), &message, sizeof message, MSG_DONTWAIT) != sizeof message) return std::nullopt;
    return message;
  }
  template <typename Message>
  void tell(const Message& message) {
    REQUIRE(::send(vmm.get(), &message, sizeof message, 0) == sizeof message);
    turn();
  }
  [[nodiscard]] policy::StatisticsMessage statistics(std::uint64_t token) const {
    policy::StatisticsMessage message{.header = policy::header_of<policy::StatisticsMessage>(),
                                      .token = token};
    message.disk_count = message.vcpu_count = 1;
    message.disks[0].reads = 11;
    return message;
  }
  /// Some turns of the server's loop.
  void turn() {
    for (int i = 0; i < 4; ++i) {
      polled_.clear();
      hub_->collect(polled_);
      (void)::poll(polled_.data(), polled_.size(), 0);
      for (auto message = link_->receive(); message; message = link_->receive()) hub_->take(*message);
      hub_->serve(polled_, *link_);
    }
  }
  /// Whether poll(2) returns at once although there is nothing to do: a loop that would never sleep.
  bool spins() {
    turn();
    polled_.clear();
    hub_->collect(polled_);
    return ::poll(polled_.data(), polled_.size(), 0) > 0;
  }
  [[nodiscard]] bool has_deadline() const { return hub_->has_deadline(); }

  UniqueFd vmm;
  policy::VmmRecord record;

 private:
  static std::pair<UniqueFd, UniqueFd> pair_of(int type) {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds.data()) == 0);
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
  }

  UniqueFd vmm_console_;
  std::optional<VmmLink> link_;
  sockaddr_un address_{};
  socklen_t size_ = 0;
  std::optional<VarlinkHub> hub_;
  std::vector<pollfd> polled_;
};

}  // namespace immure::monitor::test
