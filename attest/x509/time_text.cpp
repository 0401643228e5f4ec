#include "attest/x509/time_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace immure::attest {
namespace {

using namespace std::chrono;

/// Seconds since 1970 that a date of four digits can say.
constexpr std::int64_t last_second = 253'402'300'799;

std::string digits(std::int64_t value, std::size_t width) {
  auto text = std::to_string(value);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes numbers and marks off the front of a text; remembers where one was missing.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int number(std::size_t width) {
    int value = 0;
    if (rest_.size() < width || !std::ranges::all_of(rest_.substr(0, width), is_digit)) {
      good_ = false;
      return 0;
    }
    std::from_chars(rest_.data(), rest_.data() + width, value);
    rest_.remove_prefix(width);
    return value;
  }

  /// One of `marks`, or 0.
  char any(std::string_view marks) {
    if (rest_.empty() || marks.find(rest_.front()) == std::string_view::npos) return 0;
    const char mark = rest_.front();
    rest_.remove_prefix(1);
    return mark;
  }

  void mark(std::string_view marks) { good_ = any(marks) != 0 && good_; }

  void skip_digits() {
    good_ = good_ && !rest_.empty() && is_digit(rest_.front());
    while (!rest_.empty() && is_digit(rest_.front())) rest_.remove_prefix(1);
  }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

std::optional<sys_seconds> parse_seconds(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > last_second) {
    return std::nullopt;
  }
  return sys_seconds(seconds(value));
}

}  // namespace

std::string time_text(sys_seconds time) {
  const auto day_start = floor<days>(time);
  const year_month_day date(day_start);
  const hh_mm_ss clock(time - day_start);
  return digits(static_cast<int>(date.year()), 4) + "-" + digits(static_cast<unsigned>(date.month()), 2) +
         "-" + digits(static_cast<unsigned>(date.day()), 2) + "T" + digits(clock.hours().count(), 2) + ":" +
         digits(clock.minutes().count(), 2) + ":" + digits(clock.seconds().count(), 2) + "Z";
}

std::optional<sys_seconds> parse_time(std::string_view text) {
  if (text.starts_with('@')) return parse_seconds(text.substr(1));
  if (!text.empty() && std::ranges::all_of(text, is_digit)) return parse_seconds(text);

  Scanner scan(text);
  const int y = scan.number(4);
  scan.mark("-");
  const int mon = scan.number(2);
  scan.mark("-");
  const int d = scan.number(2);
  const year_month_day date(year(y), month(static_cast<unsigned>(mon)), day(static_cast<unsigned>(d)));
  if (!scan.good() || !date.ok()) return std::nullopt;
  const sys_days start(date);
  if (scan.at_end()) return sys_seconds(start);

  scan.mark("Tt ");
  const int h = scan.number(2);
  scan.mark(":");
  const int min = scan.number(2);
  scan.mark(":");
  const int s = scan.number(2);
  if (scan.any(".") != 0) scan.skip_digits();
  const char zone = scan.any("Zz+-");
  minutes offset{0};
  if (zone == '+' || zone == '-') {
    const int offset_hours = scan.number(2);
    scan.mark(":");
    const int offset_minutes = scan.number(2);
    if (offset_hours > 23 || offset_minutes > 59) return std::nullopt;
    offset = hours(offset_hours) + minutes(offset_minutes);
    if (zone == '-') offset = -offset;
  }
  if (!scan.good() || zone == 0 || !scan.at_end() || h > 23 || min > 59 || s > 59) return std::nullopt;
  return start + hours(h) + minutes(min) + seconds(s) - offset;
}

}  // namespace immure::attest
