#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace immure::monitor {

constexpr std::size_t max_call_bytes = 16 << 10;  ///< of a call, without the NUL behind it
constexpr unsigned max_call_depth = 8;            ///< objects and arrays in each other

/// One call of a client (varlink.org, "Method Call"): a JSON object.
struct VarlinkCall {
  std::string method{};                                  ///< with its interface: "io.immure.Guest.GetState"
  nlohmann::json parameters = nlohmann::json::object();  ///< always an object
  bool is_oneway = false;                                ///< no answer is wanted
  bool wants_more = false;                               ///< several answers may come
  bool wants_upgrade = false;                            ///< to another protocol
};

/// Reads a call; an Error where it is none. Nothing is allocated for what is too long or too deep.
Result<VarlinkCall> parse_call(std::string_view text);

enum class Replies { end, continue_ };

/// The text of an answer, without its NUL.
std::string reply_text(const nlohmann::json& parameters, Replies replies = Replies::end);
/// `error`: with its interface.
std::string error_text(std::string_view error, const nlohmann::json& parameters = nlohmann::json::object());

}  // namespace immure::monitor
