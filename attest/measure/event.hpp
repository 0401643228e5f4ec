#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/crypto/bytes.hpp"
#include "base/result.hpp"

namespace immure::attest::measure {

/// code: the same at every launch of the same guest, so it can be compared with reference values.
/// identity: who this launch is; different each time.
enum class EventKind : std::uint8_t { code = 1, identity = 2 };

/// "code", "identity".
std::string_view name_of(EventKind kind);

/// One thing that was found out of an event: a digest in lower-case hexadecimal ("sha256", "sha384",
/// "fs-verity-sha256", "dm-verity-sha256", both with "sha512" too), a "size" in bytes, a "value", or why it
/// is "unmeasured".
struct Field {
  std::string key;
  std::string value;

  friend bool operator==(const Field&, const Field&) = default;
};

/// One thing that was measured. A writable disk is an event too: without a digest, with the reason.
struct Event {
  static constexpr std::size_t most_text = 8192;

  EventKind kind = EventKind::code;
  std::string name;  ///< "kernel", "disk:root": unique in a log
  std::vector<Field> fields;

  /// Nothing where there is no such field.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view key) const;

  friend bool operator==(const Event&, const Event&) = default;
};

/// Those fields that are digests.
std::vector<Field> digests_of(const Event& event);

/// The one way to write an event: "name=NAME\n", then "KEY=VALUE\n" for each field in order. Keys are
/// [a-z0-9-], names and values have no control character. This is what is hashed and recorded.
std::string event_text(const Event& event);

/// The inverse: an Error unless writing it again gives the same text.
Result<Event> parse_event_text(EventKind kind, std::string_view text);

}  // namespace immure::attest::measure
