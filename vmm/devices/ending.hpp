#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "policy/control_message.hpp"
#include "policy/vmm_record.hpp"

namespace immure::vmm {

/// How the machine ends: any thread asks, the control thread carries it out. The first request wins.
class Ending {
 public:
  struct Request {
    policy::VmmExit status{};
    std::string reason;
    policy::EndCause cause{};
  };

  static Result<Ending> create();
  Ending(Ending&& other) noexcept : event_(std::move(other.event_)) {}
  Ending& operator=(Ending&&) = delete;
  ~Ending() = default;

  /// Without a cause: the one that the status says.
  void request(policy::VmmExit status, std::string reason, std::optional<policy::EndCause> cause = {});
  [[nodiscard]] std::optional<Request> requested();
  /// Readable once there is a request.
  [[nodiscard]] int event() const { return event_.get(); }

 private:
  explicit Ending(UniqueFd event) : event_(std::move(event)) {}
  UniqueFd event_;
  std::mutex mutex_;
  bool is_requested_ = false;
  Request request_;
};

}  // namespace immure::vmm
