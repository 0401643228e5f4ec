#include "attest/quote/launches.hpp"

#include <algorithm>

namespace immure::attest::quote {

std::optional<std::string_view> LaunchEvents::identity_value(std::string_view name) const {
  const auto found = std::ranges::find(identity, name, &measure::Event::name);
  if (found == identity.end()) return std::nullopt;
  return found->field("value");
}

std::vector<LaunchEvents> split_launches(const std::vector<measure::Event>& events) {
  std::vector<LaunchEvents> out;
  for (const auto& event : events) {
    const bool is_code = event.kind == measure::EventKind::code;
    if (out.empty() || (is_code && !out.back().identity.empty())) out.emplace_back();
    (is_code ? out.back().code : out.back().identity).push_back(event);
  }
  return out;
}

}  // namespace immure::attest::quote
