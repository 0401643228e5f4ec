#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace immure::cli {

/// `previous` of the first line.
inline const std::string no_line_before(64, '0');

/// One line of the launch log, read: what the chain is made of, and all of it.
struct LogLine {
  std::uint64_t sequence = 0;
  std::string previous;
  bool after_cut_off = false;
  nlohmann::ordered_json entry;
};

/// An Error that says what is missing where the line is no entry. Nothing of it is trusted: files can be
/// changed.
Result<LogLine> read_line(std::string_view line);

}  // namespace immure::cli
