#include <algorithm>
#include <array>
#include <span>

#include <linux/audit.h>

#include "policy/seccomp/compiler/compile.hpp"

namespace immure::policy::seccomp {
namespace {

constexpr int x32_bit = 0x4000'0000;  // __X32_SYSCALL_BIT, asm/unistd.h

bool holds(const Condition& condition, const seccomp_data& call) {
  const auto value = std::span(call.args)[condition.argument] & condition.mask;
  return std::ranges::find(condition.values, value) != condition.values.end();
}

std::string describe(const seccomp_data& call) {
  std::string text = "call " + std::to_string(call.nr) + " (";
  for (const auto argument : call.args) text += std::to_string(argument) + ",";
  return text + ") of architecture " + std::to_string(call.arch);
}

Result<void> compare(const ProfileText& profile, Filter filter, const seccomp_data& call) {
  const auto expected = expected_action(profile, call);
  const auto found = IMMURE_TRY(evaluate(filter, call));
  if (found == expected) return {};
  return invalid(profile.name + ": " + describe(call) + ": the text says " + std::to_string(expected) +
                 ", the filter " + std::to_string(found));
}

/// The value, its neighbours, and the value with each single bit flipped.
std::vector<std::uint64_t> values_around(std::uint64_t value) {
  std::vector<std::uint64_t> values{value, value + 1, value - 1, ~value, 0, ~std::uint64_t{0}};
  for (unsigned bit = 0; bit < 64; ++bit) values.push_back(value ^ (std::uint64_t{1} << bit));
  return values;
}

/// A call that the rule matches: the first value of each condition.
seccomp_data matching_call(const Rule& rule) {
  seccomp_data call{.nr = rule.number, .arch = AUDIT_ARCH_X86_64, .instruction_pointer = 0, .args = {}};
  for (const auto& condition : rule.conditions) {
    std::span(call.args)[condition.argument] = condition.values.front();
  }
  return call;
}

Result<void> verify_rule(const ProfileText& profile, Filter filter, const Rule& rule) {
  const auto matching = matching_call(rule);
  IMMURE_TRY(compare(profile, filter, matching));
  for (const auto& condition : rule.conditions) {
    for (const auto value : condition.values) {
      for (const auto near : values_around(value)) {
        auto call = matching;
        std::span(call.args)[condition.argument] = near;
        IMMURE_TRY(compare(profile, filter, call));
      }
    }
  }
  return {};
}

}  // namespace

std::uint32_t expected_action(const ProfileText& profile, const seccomp_data& call) {
  if (call.arch != AUDIT_ARCH_X86_64) return SECCOMP_RET_KILL_PROCESS;
  for (const auto& rule : profile.rules) {
    if (rule.number != call.nr) continue;
    if (!std::ranges::all_of(rule.conditions, [&](const auto& c) { return holds(c, call); })) continue;
    if (rule.answer) return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(*rule.answer);
    return SECCOMP_RET_ALLOW;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

Result<void> verify(const ProfileText& profile, Filter filter) {
  IMMURE_TRY(check(filter));
  constexpr std::array<std::uint64_t, 3> patterns{0, 0x5555'5555'5555'5555, ~std::uint64_t{0}};
  for (const auto pattern : patterns) {
    for (int number = -1; number < 1024; ++number) {
      seccomp_data call{.nr = number, .arch = AUDIT_ARCH_X86_64, .instruction_pointer = 0, .args = {}};
      std::ranges::fill(call.args, pattern);
      IMMURE_TRY(compare(profile, filter, call));
      call.arch = AUDIT_ARCH_I386;
      IMMURE_TRY(compare(profile, filter, call));
      call.arch = AUDIT_ARCH_X86_64;
      call.nr = number | x32_bit;
      IMMURE_TRY(compare(profile, filter, call));
    }
  }
  for (const auto& rule : profile.rules) IMMURE_TRY(verify_rule(profile, filter, rule));
  return {};
}

}  // namespace immure::policy::seccomp
