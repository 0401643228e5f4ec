#include "cli/launch_log/append.hpp"

#include <chrono>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/io.hpp"
#include "base/sealed_memfd.hpp"
#include "cli/launch_log/digest.hpp"
#include "cli/launch_log/entry_json.hpp"
#include "cli/launch_log/line.hpp"
#include "cli/policy/requester.hpp"

namespace immure::cli {
namespace {

constexpr unsigned lock_patience = 60;  // seconds: many launches at once on a slow host

/// The end of the log: enough for the last whole line and one that is cut off behind it.
Result<std::string> read_end(int log) {
  const auto size = IMMURE_TRY(file_size(log));
  const auto length = std::min<std::uint64_t>(size, 2 * max_log_line);
  std::string text(static_cast<std::size_t>(length), '\0');
  IMMURE_TRY(pread_exactly(log, std::as_writable_bytes(std::span(text)), size - length));
  return text;
}

/// By the calendar alone: the C library's gmtime(3) would look for the time zone, which the launcher's domain
/// may not.
std::string now_text() {
  using namespace std::chrono;
  const auto now = floor<microseconds>(system_clock::now());
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(now - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

/// Where the next entry stands, behind this end of the log.
Result<EntryPlace> place_behind(std::string_view end) {
  EntryPlace place{.sequence = 1,
                   .previous = no_line_before,
                   .after_cut_off = false,
                   .time = now_text(),
                   .asked_by = login_uid()};
  if (end.empty()) return place;
  place.after_cut_off = end.back() != '\n';
  if (!place.after_cut_off) end.remove_suffix(1);
  const auto start_of_last = end.rfind('\n') + 1;  // npos + 1 is 0
  const auto last = end.substr(start_of_last);
  place.previous = sha256_text(std::as_bytes(std::span(last)));
  if (!place.after_cut_off) {
    place.sequence = IMMURE_TRY(read_line(last)).sequence + 1;
    return place;
  }
  // A line that is not whole counts as one.
  place.sequence = 2;
  if (start_of_last == 0) return place;
  end = end.substr(0, start_of_last - 1);
  place.sequence = IMMURE_TRY(read_line(end.substr(end.rfind('\n') + 1))).sequence + 2;
  return place;
}

}  // namespace

Result<std::string> append_to_log(int log, const policy::LaunchEntry& entry) {
  if (!IMMURE_TRY(wait_for_lock(log, LockKind::exclusive, lock_patience)))
    return invalid("somebody else holds its lock");
  const auto place = IMMURE_TRY(place_behind(IMMURE_TRY(read_end(log))));
  // Paths are bytes: what is no UTF-8 is written as U+FFFD.
  const auto line =
      entry_json(entry, place).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (line.size() >= max_log_line) return invalid("the entry is too long");
  const auto text = (place.after_cut_off ? "\n" : "") + line + "\n";
  IMMURE_TRY(write_all(log, std::as_bytes(std::span(text))));
  IMMURE_TRY(checked(::fdatasync(log), "fdatasync"));
  return sha256_text(std::as_bytes(std::span(line)));
}

}  // namespace immure::cli
