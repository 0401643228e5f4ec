#include "tests/hostile/targets.hpp"

#include <charconv>

namespace immure::hostile {
namespace {

pid_t number_of(std::string_view text) {
  pid_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

void take(Targets& targets, std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return;
  const auto key = word.substr(0, equals);
  const auto value = word.substr(equals + 1);
  if (key == "victim") targets.victim = number_of(value);
  if (key == "victim_monitor") targets.victim_monitor = number_of(value);
  if (key == "keeper") targets.keeper = number_of(value);
  if (key == "victim_disk") targets.victim_disk = value;
  if (key == "victim_socket") targets.victim_socket = value;
  if (key == "own_disk") targets.own_disk = value;
}

}  // namespace immure::hostile
