#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace immure::attest {

using StrictJson = nlohmann::json;

/// What a foreign text may cost.
struct JsonLimits {
  std::size_t bytes = 0;
  int depth = 8;  ///< of arrays and objects in each other
};

/// One JSON text (RFC 8259) and nothing behind it. An Error where it exceeds the limits, and where an object
/// has a member twice: readers differ in which of both they take.
Result<StrictJson> parse_strict_json(std::string_view text, const JsonLimits& limits);

/// An Error unless `json` is an object with exactly these members, in any order; `what` names it.
Result<void> require_members(const StrictJson& json, std::initializer_list<std::string_view> members,
                             std::string_view what);

/// The text of a member that is there.
Result<std::string> text_member(const StrictJson& json, const std::string& name, std::string_view what);

}  // namespace immure::attest
