#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/toml/diagnostics.hpp"
#include "policy/toml/toml_library.hpp"

namespace immure::policy::toml_text {

enum class Need { required, optional };

/// One key of a table, and what may stand there, for messages: "a whole number from 1 to 32".
struct Key {
  std::string_view name;
  std::string allowed;
  Need need = Need::optional;
};

/// A range of whole numbers, both ends inside, in steps from 0.
struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  std::uint64_t step = 1;

  [[nodiscard]] bool contains(std::uint64_t value) const {
    return value >= least && value <= most && value % step == 0;
  }
};

/// Reads the keys of one TOML table. Everything that is wrong goes to the Diagnostics with its place; a
/// getter then yields nothing. finish() reports the keys that nobody asked for.
class TableReader {
 public:
  /// `path` is the table's name in messages: "", "memory", "disks[1]". `table` may be null: all keys are
  /// missing, which is told at `place`.
  TableReader(const toml::table* table, std::string path, Place place, Diagnostics& diagnostics);

  [[nodiscard]] bool has(std::string_view name) const;
  std::optional<std::string_view> text(const Key& key);
  std::optional<bool> boolean(const Key& key);
  std::optional<std::uint64_t> whole_number(const Key& key, Range range);
  /// A size in bytes: text as parse_size() reads it, or a whole number.
  std::optional<std::uint64_t> size(const Key& key, Range range);
  /// An array of texts; empty where the key is missing.
  std::vector<std::string_view> texts(const Key& key);

  /// An array of whole numbers; empty where the key is missing or something is wrong with it.
  std::vector<std::uint64_t> whole_numbers(const Key& key, Range range);

  /// A table below this one; where it is missing, a reader without keys.
  TableReader table(std::string_view name);
  /// An array of tables ([[name]]), one reader each; empty where it is missing.
  std::vector<TableReader> tables(std::string_view name);

  /// "PATH.KEY: WHY; allowed: ..." at the key's value.
  void reject(const Key& key, std::string_view why);
  /// Reports each key that no getter was asked for, with the one that was probably meant.
  void finish();

 private:
  const toml::node* find(const Key& key);
  const toml::array* find_array(const Key& key);
  const toml::node* find_any(std::string_view name);
  void report(Place place, std::string_view name, std::string_view message);
  [[nodiscard]] std::string full_name(std::string_view name) const;

  const toml::table* table_;
  std::string path_;
  Place place_;
  Diagnostics* diagnostics_;
  std::vector<std::string_view> known_;
};

}  // namespace immure::policy::toml_text
