#pragma once

#include <algorithm>
#include <optional>
#include <span>

#include "policy/toml/table_reader.hpp"

namespace immure::policy::toml_text {

/// A word that may stand at a key, and what it means.
template <typename Value>
struct Choice {
  std::string_view word;
  Value value{};
};

/// What the key's word means; nothing where the key is missing, or has another word, of which `no_choice` is
/// told: "not a mode".
template <typename Value>
std::optional<Value> choose(TableReader& table, const Key& key, std::span<const Choice<Value>> choices,
                            std::string_view no_choice) {
  const auto word = table.text(key);
  if (!word) return std::nullopt;
  const auto found = std::ranges::find(choices, *word, &Choice<Value>::word);
  if (found != choices.end()) return found->value;
  table.reject(key, quoted(*word) + " is " + std::string(no_choice));
  return std::nullopt;
}

/// The same where the words say all that is to be said.
template <typename Value>
std::optional<Value> choose(TableReader& table, std::string_view name,
                            std::span<const Choice<Value>> choices) {
  std::string allowed;
  for (const auto& choice : choices) allowed += (allowed.empty() ? "" : ", ") + quoted(choice.word);
  return choose(table, Key{name, allowed}, choices, "none of them");
}

}  // namespace immure::policy::toml_text
