#include "attest/program/time_option.hpp"

#include "attest/x509/time_text.hpp"

namespace immure::attest {

Expected<std::chrono::sys_seconds> time_option(const std::string& option, const std::string& text) {
  using namespace std::chrono;
  if (text.empty()) return time_point_cast<seconds>(system_clock::now());
  if (const auto time = parse_time(text)) return *time;
  return fail(ExitCode::usage, option + " " + text + ": this is no time",
              "write 2026-01-31T12:00:00Z, 2026-01-31, or seconds since 1970");
}

}  // namespace immure::attest
