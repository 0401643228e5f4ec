#pragma once

#include <cstdint>

#include <nlohmann/json.hpp>

#include "policy/launch_entry.hpp"

namespace immure::cli {

/// Where an entry stands in the log: what the log adds to it.
struct EntryPlace {
  std::uint64_t sequence = 1;  ///< 1, 2, 3, ...
  std::string previous;        ///< SHA-256 of the line before it, in hexadecimal; of the first: 64 zeros
  bool after_cut_off = false;  ///< the line before it is not whole: the host went down while it was written
  std::string time;            ///< RFC 3339, UTC
  std::uint32_t asked_by = policy::no_uid;  ///< login uid of whoever asked (audit)
};

/// One line of the launch log, as docs/launch-log.md describes it.
nlohmann::ordered_json entry_json(const policy::LaunchEntry& entry, const EntryPlace& place);

}  // namespace immure::cli
