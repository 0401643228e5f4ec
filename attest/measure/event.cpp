#include "attest/measure/event.hpp"

#include <algorithm>
#include <array>

#include "base/proc_text.hpp"

namespace immure::attest::measure {
namespace {

struct DigestKey {
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array digest_keys{DigestKey{"sha256", 32},           DigestKey{"sha384", 48},
                                 DigestKey{"fs-verity-sha256", 32}, DigestKey{"fs-verity-sha512", 64},
                                 DigestKey{"dm-verity-sha256", 32}, DigestKey{"dm-verity-sha512", 64}};

const DigestKey* digest_key(std::string_view name) {
  const auto* found = std::ranges::find(digest_keys, name, &DigestKey::name);
  return found == digest_keys.end() ? nullptr : found;
}

bool is_key(std::string_view text) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && std::ranges::all_of(text, good);
}

bool is_value(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && std::ranges::none_of(text, control);
}

Result<Field> parse_line(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return invalid("an event has a line without '='");
  Field field{.key = std::string(line.substr(0, equals)), .value = std::string(line.substr(equals + 1))};
  if (!is_key(field.key) || !is_value(field.value)) return invalid("an event has a malformed line");
  if (const auto* digest = digest_key(field.key)) {
    const auto bytes = from_hex(field.value);
    if (!bytes || bytes->size() != digest->bytes || to_hex(*bytes) != field.value) {
      return invalid("an event's " + field.key + " is not one");
    }
  }
  return field;
}

}  // namespace

std::string_view name_of(EventKind kind) { return kind == EventKind::code ? "code" : "identity"; }

std::optional<std::string_view> Event::field(std::string_view key) const {
  const auto found = std::ranges::find(fields, key, &Field::key);
  if (found == fields.end()) return std::nullopt;
  return found->value;
}

std::vector<Field> digests_of(const Event& event) {
  std::vector<Field> out;
  for (const auto& field : event.fields) {
    if (digest_key(field.key) != nullptr) out.push_back(field);
  }
  return out;
}

std::string event_text(const Event& event) {
  auto text = "name=" + event.name + "\n";
  for (const auto& field : event.fields) text += field.key + "=" + field.value + "\n";
  return text;
}

Result<Event> parse_event_text(EventKind kind, std::string_view text) {
  if (text.size() > Event::most_text) return invalid("an event is longer than 8192 bytes");
  Event event{.kind = kind, .name = {}, .fields = {}};
  for (const auto line : lines_of(text)) {
    auto field = IMMURE_TRY(parse_line(line));
    if (event.name.empty() && field.key == "name") {
      event.name = std::move(field.value);
    } else if (field.key == "name" || event.name.empty() || event.field(field.key)) {
      return invalid("an event's lines are out of order, or one is there twice");
    } else {
      event.fields.push_back(std::move(field));
    }
  }
  if (event.fields.empty() || event_text(event) != text)
    return invalid("an event is not written as it must be");
  return event;
}

}  // namespace immure::attest::measure
