#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/unique_fd.hpp"
#include "cli/failure.hpp"

namespace immure::cli {

/// A connection to a guest's varlink socket (monitor/io.immure.Guest.varlink; varlink.org). The monitor is
/// not trusted: how much it may say and how long it may take are bounded, and its JSON is the caller's to
/// check.
class VarlinkClient {
 public:
  static constexpr std::size_t max_reply_bytes = 256 << 10;
  static constexpr std::chrono::seconds patience{5};

  /// By the guest's name; `no_such_guest` where none runs.
  static Expected<VarlinkClient> connect(std::string_view guest);
  explicit VarlinkClient(UniqueFd fd) : fd_(std::move(fd)) {}

  /// Calls a method of io.immure.Guest and waits for its answer: an object. Nothing where the guest ended
  /// before it came. What the interface calls an error is a Failure in words.
  Expected<std::optional<nlohmann::json>> call(std::string_view method,
                                               const nlohmann::json& parameters = nlohmann::json::object());

 private:
  Result<std::optional<std::string>> receive();

  UniqueFd fd_;
};

}  // namespace immure::cli
