#pragma once

#include "policy/guest_record.hpp"

namespace immure::policy {

/// What `immure` asks of `immure-launch`. Handed over as a sealed memfd at file descriptor 3; answers go out
/// of file descriptor 4, a pipe, one LaunchReport each.
enum class LaunchVerb : std::uint32_t {
  run = 1,      ///< start `guest`, then stay as its keeper
  kill = 2,     ///< kill the guest called `name`; its keeper undoes the launch
  recover = 3,  ///< find every launch whose keeper is gone and undo it
  pause = 5,    ///< stop the guest called `name` where it is
  resume = 6,   ///< let it go on
  plan = 4,     ///< say what `run` would do, step by step, and change nothing; needs no privilege
};

struct LaunchRequest {
  static constexpr std::uint32_t record_magic = 0x51'4d'4d'49;  // "IMMQ"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  LaunchVerb verb{};
  std::uint32_t reserved = 0;
  GuestName name;     ///< for kill, pause and resume
  GuestRecord guest;  ///< for run; all zero otherwise
};

constexpr int launch_request_fd = 3;
constexpr int launch_report_fd = 4;

enum class ReportKind : std::uint32_t {
  started = 1,  ///< read back, recorded, and running; `vmm_pid` is set
  failed = 2,   ///< nothing runs and nothing is left behind; `message` says why, `exit_code` is for the user
  ended = 3,    ///< the guest is gone and everything is undone; `exit_code` says how
  restarted = 4,  ///< the guest rebooted: a fresh VMM runs; `vmm_pid` is set
  recovered = 5,  ///< one abandoned launch was undone; `name` says which
  done = 6,       ///< a request other than `run` was carried out
  plan_step = 7,  ///< one step of the plan, in `message`
};

/// One answer. Smaller than PIPE_BUF, so a write is atomic (pipe(7)).
struct LaunchReport {
  static constexpr std::uint32_t record_magic = 0x52'4d'4d'49;  // "IMMR"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  ReportKind kind{};
  std::int32_t exit_code = 0;
  std::int32_t vmm_pid = 0;
  std::uint32_t reserved = 0;
  GuestName name;
  BoundedString<1024> message;
};
static_assert(sizeof(LaunchReport) <= 4096);

}  // namespace immure::policy
