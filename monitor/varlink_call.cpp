#include "monitor/varlink_call.hpp"

#include <algorithm>

namespace immure::monitor {
namespace {

using nlohmann::json;

/// How deep brackets are nested, strings left out. Of text that is no JSON it is some number, and JSON it
/// stays not.
unsigned depth_of(std::string_view text) {
  unsigned depth = 0;
  unsigned deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

Result<bool> flag_of(const json& call, const char* name) {
  const auto found = call.find(name);
  if (found == call.end() || found->is_null()) return false;
  if (!found->is_boolean()) return invalid(std::string("a call's \"") + name + "\" is not true or false");
  return *found->get_ptr<const json::boolean_t*>();
}

std::string text_of(const json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

Result<VarlinkCall> parse_call(std::string_view text) {
  if (text.size() > max_call_bytes) return invalid("a call is too long");
  if (depth_of(text) > max_call_depth) return invalid("a call is nested too deep");
  auto parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object()) return invalid("a call is no JSON object");
  const auto method = parsed.find("method");
  if (method == parsed.end() || !method->is_string()) return invalid("a call has no method");
  VarlinkCall call{.method = *method->get_ptr<const json::string_t*>()};
  if (const auto parameters = parsed.find("parameters");
      parameters != parsed.end() && !parameters->is_null()) {
    if (!parameters->is_object()) return invalid("a call's parameters are no object");
    call.parameters = std::move(*parameters);
  }
  call.is_oneway = IMMURE_TRY(flag_of(parsed, "oneway"));
  call.wants_more = IMMURE_TRY(flag_of(parsed, "more"));
  call.wants_upgrade = IMMURE_TRY(flag_of(parsed, "upgrade"));
  return call;
}

std::string reply_text(const json& parameters, Replies replies) {
  json message{{"parameters", parameters}};
  if (replies == Replies::continue_) message["continues"] = true;
  return text_of(message);
}

std::string error_text(std::string_view error, const json& parameters) {
  return text_of({{"error", error}, {"parameters", parameters}});
}

}  // namespace immure::monitor
