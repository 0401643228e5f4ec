#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace immure::policy::toml_text {

/// Where in a file: both from 1.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// Collects what is wrong with one file, so that a user sees all of it at once.
class Diagnostics {
 public:
  static constexpr std::size_t most_shown = 20;

  explicit Diagnostics(std::string_view file_name) : file_name_(file_name) {}

  /// "FILE:LINE:COLUMN: MESSAGE". Control characters become '?': the file's bytes must not drive a terminal.
  void add(Place place, std::string_view message);

  [[nodiscard]] bool empty() const { return errors_.empty(); }

  /// All errors in the order of the file, one on a line; the first `most_shown` and the number of the others.
  [[nodiscard]] std::unexpected<Error> error() const;

 private:
  struct Entry {
    Place place;
    std::string message;
  };
  std::string file_name_;
  std::vector<Entry> errors_;
};

/// The text in quotes for a message, cut after 64 bytes.
std::string quoted(std::string_view text);

}  // namespace immure::policy::toml_text
