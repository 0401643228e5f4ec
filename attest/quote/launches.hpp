#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "attest/measure/event.hpp"

namespace immure::attest::quote {

/// The events of one launch: code first, then identity.
struct LaunchEvents {
  std::vector<measure::Event> code;
  std::vector<measure::Event> identity;

  /// The value of an identity event; nothing where there is none.
  [[nodiscard]] std::optional<std::string_view> identity_value(std::string_view name) const;
};

/// The launches of a log, in order: a code event that follows an identity event begins the next one.
std::vector<LaunchEvents> split_launches(const std::vector<measure::Event>& events);

}  // namespace immure::attest::quote
