#include "tests/hostile/catalogue.hpp"

#include <array>

namespace immure::hostile {

std::span<const Family> catalogue() {
  // Not constants: the spans are made when the program starts.
  static const std::array families{
      Family{"Files and disks of others", file_attempts},
      Family{"Processes of others", process_attempts},
  };
  return families;
}

const Attempt* find_attempt(std::string_view name) {
  for (const auto& family : catalogue()) {
    for (const auto& attempt : family.attempts) {
      if (name == attempt.name) return &attempt;
    }
  }
  return nullptr;
}

}  // namespace immure::hostile
