#pragma once

#include "policy/guest_state.hpp"
#include "policy/launch_times.hpp"

namespace immure::policy {

/// What happened to a guest. started, restarted: it was read back and is about to run. failed: it was
/// admitted, but its launch was undone. refused: it was not admitted. ended: it ran, and is gone. abandoned:
/// its keeper died, and its launch was undone later.
enum class LaunchEvent : std::uint32_t {
  started = 1,
  restarted = 2,
  ended = 3,
  failed = 4,
  refused = 5,
  abandoned = 6,
};

/// One entry of the launch log, as the launcher hands it to `immure internal append-launch-entry`, which
/// makes a line of JSON of it.
struct LaunchEntry {
  static constexpr std::uint32_t record_magic = 0x45'4d'4d'49;  // "IMME"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  LaunchEvent event{};
  std::int32_t exit_code = 0;  ///< of ended, failed and refused
  GuestState state;            ///< of started and restarted; otherwise only its name and uuid
  GuestRecord guest;           ///< what was asked for; all zero for abandoned
  Measurement measurement;  ///< of started and restarted, where the launch was measured; otherwise all zero
  LaunchTimes times;        ///< of started and restarted
  BoundedString<1024> message;
  /// What the kernel said of the VMM: files of its /proc directory as they were, each behind a line "[NAME]".
  BoundedString<16384> read_back;
};

/// An entry of this event about a guest, without a state.
LaunchEntry make_launch_entry(LaunchEvent event, const GuestRecord& guest);

/// Header, event and every text that is shown.
Result<void> check(const LaunchEntry& entry);

/// "started", "restarted", ...
std::string_view launch_event_name(LaunchEvent event);

/// JSON lines, each chained to the one before it (docs/launch-log.md).
constexpr const char* launch_log_path = "/var/lib/immure/launches.jsonl";
/// The entry is standard input of whoever appends, the log this descriptor.
constexpr int launch_log_fd = 3;
/// What it answers on standard output: the SHA-256 of the line in hexadecimal.
constexpr std::size_t launch_digest_size = 64;

}  // namespace immure::policy
