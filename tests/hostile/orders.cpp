#include "tests/hostile/orders.hpp"

#include <string>

#include <unistd.h>

#include "tests/hostile/catalogue.hpp"
#include "tests/hostile/console.hpp"

namespace immure::hostile {
namespace {

constexpr Attempt hold{"hold", "stay as it is", behind::nothing, [](const Targets&) {
                         say({"held ", std::to_string(::getpid())});
                         static_cast<void>(next_command());
                         return had_effect();
                       }};

}  // namespace

const Attempt* next_attempt(Targets& targets) {
  while (true) {
    const auto words = next_command();
    if (words.empty()) return nullptr;
    for (const auto& word : words) take(targets, word);
    if (words.front() == hold.name) return &hold;
    if (const auto* const attempt = find_attempt(words.front())) return attempt;
    say({"outcome ", words.front(), " unknown 0"});
  }
}

void obey(Targets& targets, const Surroundings& surroundings) {
  while (const auto* const attempt = next_attempt(targets)) make_in_child(*attempt, targets, surroundings);
}

}  // namespace immure::hostile
