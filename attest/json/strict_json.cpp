#include "attest/json/strict_json.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace immure::attest {
namespace {

/// Watches the parser: nlohmann::json keeps the last of two members, and has no limit of depth.
class Watch {
 public:
  explicit Watch(int most_depth) : most_depth_(most_depth) {}

  bool operator()(int /*depth*/, StrictJson::parse_event_t event, StrictJson& parsed) {
    using Event = StrictJson::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      open_.emplace_back();
      if (static_cast<int>(open_.size()) > most_depth_) too_deep = true;
    } else if (event == Event::object_end || event == Event::array_end) {
      open_.pop_back();
    } else if (event == Event::key && !open_.back().insert(parsed.get<std::string>()).second) {
      twice = true;
    }
    // What is not kept costs nothing; the verdict is in the two flags.
    return !too_deep && !twice;
  }

  bool too_deep = false;
  bool twice = false;

 private:
  int most_depth_;
  std::vector<std::set<std::string>> open_;  ///< the members so far of each object around this place
};

}  // namespace

Result<StrictJson> parse_strict_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return invalid("it has " + std::to_string(text.size()) + " bytes, at most " +
                   std::to_string(limits.bytes) + " are allowed");
  }
  Watch watch(limits.depth);
  auto json = StrictJson::parse(
      text, [&watch](int depth, auto event, auto& parsed) { return watch(depth, event, parsed); }, false);
  if (watch.too_deep) return invalid("its arrays and objects are nested too deeply");
  if (watch.twice) return invalid("an object has a member twice");
  if (json.is_discarded()) return invalid("it is not JSON");
  return json;
}

Result<void> require_members(const StrictJson& json, std::initializer_list<std::string_view> members,
                             std::string_view what) {
  if (!json.is_object()) return invalid(std::string(what) + " is not an object");
  for (const auto& [name, value] : json.items()) {
    if (std::ranges::find(members, name) == members.end()) {
      return invalid(std::string(what) + " has an unknown member \"" + name + "\"");
    }
  }
  for (const auto member : members) {
    if (!json.contains(member)) {
      return invalid(std::string(what) + " has no member \"" + std::string(member) + "\"");
    }
  }
  return {};
}

Result<std::string> text_member(const StrictJson& json, const std::string& name, std::string_view what) {
  const auto& value = json.at(name);
  if (!value.is_string()) return invalid(std::string(what) + ": \"" + name + "\" is not a text");
  return value.get<std::string>();
}

}  // namespace immure::attest
