#include <algorithm>
#include <cstdio>
#include <thread>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/usage/guest_rates.hpp"

namespace immure::cli {
namespace {

/// The cursor goes to the first place, and everything behind it goes (ECMA-48).
constexpr const char* clear_screen = "\033[H\033[J";

std::vector<GuestRates> look_again(std::vector<GuestReading>& before, std::vector<GuestReading> now) {
  auto rates = rates_between(before, now);
  for (auto& guest : rates) {
    const auto reading = std::ranges::find(now, guest.name, [](const auto& each) { return each.guest.name; });
    guest.beside_bytes = memory_beside_guest(reading->guest);
  }
  before = std::move(now);
  return rates;
}

}  // namespace

Expected<ExitCode> top_command(const TopOptions& options) {
  const bool is_json = options.format == OutputFormat::json;
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1 && !is_json;
  // Who reads it later wants one.
  const auto count = options.count != 0 || is_terminal ? options.count : 1;
  const auto style = Style::of(stdout);
  auto before = read_guests(IMMURE_TRY(list_guests()));
  for (unsigned shown = 0; count == 0 || shown < count; ++shown) {
    std::this_thread::sleep_for(options.delay);
    const auto rates = look_again(before, read_guests(IMMURE_TRY(list_guests())));
    if (is_json) {
      fmt::print("{}\n", rates_json(rates));
    } else {
      fmt::print("{}{}", is_terminal && count != 1 ? clear_screen : "", rates_table(rates, style));
    }
    // A reader that went away has seen enough.
    if (std::fflush(stdout) != 0) return ExitCode::success;
  }
  return ExitCode::success;
}

}  // namespace immure::cli
