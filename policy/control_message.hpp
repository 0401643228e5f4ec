#pragma once

#include <array>

#include "base/bounded_string.hpp"
#include "policy/rate_limit.hpp"
#include "policy/record_header.hpp"

namespace immure::policy {

/// A device's limit from now on. The device: "disk ID", "net ID", "console" or "rng".
struct LimitChange {
  BoundedString<32> device;
  RateLimit limit{};
};

/// Monitor to VMM, one per datagram on vmm_fd::control; the VMM answers each with the same kind and token,
/// and a result; statistics with a StatisticsMessage instead.
enum class ControlKind : std::uint32_t {
  power_button = 1,
  ping = 2,
  balloon = 3,     ///< the guest is to give up `value` bytes of its memory in all
  limit = 4,       ///< `limit` holds from now on
  statistics = 5,  ///< what the devices moved until now
  started = 6,     ///< VMM, unasked: a VMM begins; a guest that resets itself gets a new one
  ended = 7,       ///< VMM, unasked: it ends; `value` is an EndCause
  reset = 8,       ///< as a reset button: the guest is not asked
};

enum class EndCause : std::uint32_t { powered_off = 1, reset = 2, panic = 3, watchdog = 4, failure = 5 };

struct ControlMessage {
  static constexpr std::uint32_t record_magic = 0x43'4d'4d'49;  // "IMMC"
  static constexpr std::uint32_t record_version = 1;
  RecordHeader header;
  ControlKind kind{};
  std::int32_t result = 0;  ///< in an answer: 0 or an errno
  std::uint64_t token = 0;  ///< the monitor's number of the request; 0 where there was none
  std::uint64_t value = 0;
  LimitChange limit{};
};

/// A client (`immure console`, `immure logs`) and the monitor, one per datagram on monitor.sock. The monitor
/// serves root and the owner of the socket only (SO_PEERCRED). Everything else is asked of its other socket,
/// varlink.sock (monitor/io.immure.Guest.varlink).
enum class MonitorKind : std::uint32_t {
  attach = 1,    ///< client: send me the console: first what is in the log (backlog), then live; answered by
                 ///< attached
  attached = 2,  ///< monitor: `length` 0; console_data follows
  console_data = 3,  ///< either way: `length` bytes for the terminal or for the guest
  read_log = 4,      ///< client: the VMM's log lines as console_data, then done
  done = 5,          ///< monitor: the request was carried out; `result` 0 or an errno
  closed = 6,        ///< monitor: the VMM is gone; the last datagram
  follow_log = 7,    ///< client: the log lines as console_data, then each that comes, until closed
};

struct MonitorMessage {
  static constexpr std::uint32_t record_magic = 0x4d'4d'4d'49;  // "IMMM"
  static constexpr std::uint32_t record_version = 1;
  RecordHeader header;
  MonitorKind kind{};
  std::int32_t result = 0;
  std::uint32_t length = 0;
  std::uint32_t reserved = 0;
  std::array<char, 4096> data{};
};

}  // namespace immure::policy
