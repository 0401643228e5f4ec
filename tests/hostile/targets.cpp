#include "tests/hostile/targets.hpp"

#include <charconv>

namespace immure::hostile {
namespace {

template <typename Number>
Number number_of(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

void take(Targets& targets, std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return;
  const auto key = word.substr(0, equals);
  const auto value = word.substr(equals + 1);
  if (key == "victim") targets.victim = number_of<pid_t>(value);
  if (key == "victim_monitor") targets.victim_monitor = number_of<pid_t>(value);
  if (key == "keeper") targets.keeper = number_of<pid_t>(value);
  if (key == "victim_address") targets.victim_address = number_of<std::uintptr_t>(value);
  if (key == "victim_disk") targets.victim_disk = value;
  if (key == "victim_socket") targets.victim_socket = value;
  if (key == "own_disk") targets.own_disk = value;
  if (key == "own_cgroup") targets.own_cgroup = value;
  if (key == "command") targets.command = value;
  if (key == "launcher") targets.launcher = value;
  if (key == "launcher_label") targets.launcher_label = value;
  if (key == "images") targets.images = value;
  if (key == "image_label") targets.image_label = value;
  if (key == "guests") targets.guests = value;
  if (key == "journals") targets.journals = value;
}

}  // namespace immure::hostile
