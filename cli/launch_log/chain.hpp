#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "cli/launch_log/line.hpp"

namespace immure::cli {

/// A line that breaks the chain, and how.
struct ChainFault {
  std::uint64_t line = 0;  ///< in the file, counted from 1
  std::string what;
};

/// What the chain of a log says about it.
struct ChainReport {
  std::uint64_t lines = 0;
  std::string head;  ///< SHA-256 of the last line: whoever keeps it elsewhere can tell a shorter log
  std::vector<ChainFault> faults;   ///< at most `max_faults`
  std::vector<ChainFault> remarks;  ///< what is no fault: a line cut off by a crash, and said so by the next

  bool has_witness = false;  ///< a line has the digest that was asked for

  static constexpr std::size_t max_faults = 20;
};

/// Walks a log from its first line. Every line must be a whole entry, number by number, and name the digest
/// of the line before it. `witness`: the digest of a line as it was kept elsewhere, or empty; as long as that
/// line is there, nothing before it was changed.
ChainReport verify_chain(std::istream& log, std::string_view witness);

/// Reads line by line; nothing at the end. A line longer than any entry is cut, and so is no entry.
std::optional<std::string> next_line(std::istream& log);

}  // namespace immure::cli
