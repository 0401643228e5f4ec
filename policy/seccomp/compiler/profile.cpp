#include "policy/seccomp/compiler/profile.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <seccomp.h>

#include "policy/seccomp/compiler/constants.hpp"

namespace immure::policy::seccomp {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The parts of `text` between `separator`s, trimmed.
std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(trim(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

Result<std::uint64_t> parse_word(std::string_view text) {
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    const bool hex = text.starts_with("0x");
    const auto digits = hex ? text.substr(2) : text;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value, hex ? 16 : 10);
    if (error != std::errc{} || end != digits.end())
      return invalid("\"" + std::string(text) + "\" is not a number");
    return value;
  }
  const auto value = find_constant(text);
  if (!value)
    return invalid("unknown constant \"" + std::string(text) + "\" (compiler/constants.cpp lists them)");
  return *value;
}

Result<std::uint64_t> parse_value(std::string_view text) {
  std::uint64_t value = 0;
  for (const auto word : split(text, "|")) value |= IMMURE_TRY(parse_word(word));
  return value;
}

Result<std::vector<std::uint64_t>> parse_set(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') {
    return invalid("a set is written {A, B}, not \"" + std::string(text) + "\"");
  }
  std::vector<std::uint64_t> values;
  for (const auto part : split(text.substr(1, text.size() - 2), ",")) {
    const auto value = IMMURE_TRY(parse_value(part));
    if (std::ranges::find(values, value) != values.end()) {
      return invalid("\"" + std::string(part) + "\" is in the set twice");
    }
    values.push_back(value);
  }
  return values;
}

Result<Condition> parse_condition(std::string_view text) {
  if (text.size() < 5 || !text.starts_with("arg") || text[3] < '0' || text[3] > '5') {
    return invalid("a condition starts with arg0 to arg5, not \"" + std::string(text) + "\"");
  }
  Condition condition;
  condition.argument = static_cast<unsigned>(text[3] - '0');
  auto rest = trim(text.substr(4));
  const auto equals = rest.find("==");
  const auto in = rest.find("in {");
  const auto comparison = std::min(equals, in);
  if (comparison == std::string_view::npos) {
    return invalid("\"" + std::string(text) + "\" has neither == nor in {...}");
  }
  if (const auto mask = trim(rest.substr(0, comparison)); !mask.empty()) {
    if (mask.front() != '&') return invalid("expected & before \"" + std::string(mask) + "\"");
    condition.mask = IMMURE_TRY(parse_value(trim(mask.substr(1))));
  }
  rest = trim(rest.substr(comparison + 2));
  if (comparison == equals) {
    condition.values = {IMMURE_TRY(parse_value(rest))};
  } else {
    condition.values = IMMURE_TRY(parse_set(rest));
  }
  for (const auto value : condition.values) {
    if ((value & ~condition.mask) != 0)
      return invalid("a value has bits outside the mask: it can never hold");
  }
  return condition;
}

Result<Rule> parse_rule(std::string_view line) {
  Rule rule;
  const auto comment = line.find('#');
  rule.reason = comment == std::string_view::npos ? "" : trim(line.substr(comment + 1));
  if (rule.reason.empty()) return invalid("a reason is required: NAME  # why it is needed");

  auto text = trim(line.substr(0, comment));
  if (const auto arrow = text.find("->"); arrow != std::string_view::npos) {
    rule.answer_text = trim(text.substr(arrow + 2));
    const auto answer = IMMURE_TRY(parse_value(rule.answer_text));
    if (answer < 1 || answer > 4095) return invalid("an errno is 1 to 4095");
    rule.answer = static_cast<int>(answer);
    text = trim(text.substr(0, arrow));
  }
  const auto colon = text.find(':');
  rule.name = trim(text.substr(0, colon));
  rule.number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, rule.name.c_str());
  if (rule.number < 0) return invalid("x86-64 has no system call \"" + rule.name + "\"");
  if (colon == std::string_view::npos) return rule;

  rule.condition_text = trim(text.substr(colon + 1));
  for (const auto part : split(rule.condition_text, " and ")) {
    auto condition = IMMURE_TRY(parse_condition(part));
    if (std::ranges::find(rule.conditions, condition.argument, &Condition::argument) !=
        rule.conditions.end()) {
      return invalid("arg" + std::to_string(condition.argument) + " has two conditions");
    }
    rule.conditions.push_back(std::move(condition));
  }
  return rule;
}

/// No call can match both: one argument, all of it, has other values in each.
bool exclude_each_other(const Rule& left, const Rule& right) {
  const auto excludes = [&](const Condition& one) {
    return std::ranges::any_of(right.conditions, [&](const Condition& other) {
      return other.argument == one.argument && other.mask == ~std::uint64_t{0} &&
             one.mask == ~std::uint64_t{0} &&
             std::ranges::find_first_of(one.values, other.values) == one.values.end();
    });
  };
  return std::ranges::any_of(left.conditions, excludes);
}

Result<void> check_against_earlier(const Rule& rule, const std::vector<Rule>& earlier) {
  for (const auto& other : earlier) {
    if (other.number != rule.number) continue;
    const auto where = rule.name + " is on line " + std::to_string(other.line) + " already";
    if (other.conditions.empty() || rule.conditions.empty()) return invalid(where + ", without a condition");
    if (other.condition_text == rule.condition_text) return invalid(where + ", with the same condition");
    if (other.answer != rule.answer && !exclude_each_other(other, rule))
      return invalid(where + ", with another answer");
  }
  return {};
}

}  // namespace

Result<ProfileText> parse_profile(std::string_view text, std::string_view file_name) {
  ProfileText profile;
  const auto slash = file_name.rfind('/');
  profile.name = file_name.substr(slash == std::string_view::npos ? 0 : slash + 1);
  if (const auto dot = profile.name.find('.'); dot != std::string::npos) profile.name.resize(dot);

  std::size_t number = 0;
  bool in_purpose = true;
  std::string section;
  for (const auto line : split(text, "\n")) {
    ++number;
    const auto where = std::string(file_name) + ":" + std::to_string(number);
    if (line.empty()) in_purpose = profile.purpose.empty();
    if (line.starts_with('#')) {
      const auto comment = std::string(trim(line.substr(1)));
      (in_purpose ? profile.purpose : section) += comment + "\n";
    }
    if (line.empty() || line.starts_with('#')) continue;
    in_purpose = false;
    auto rule = parse_rule(line);
    if (!rule) return with_context(where, rule.error());
    rule->line = number;
    rule->section = std::exchange(section, {});
    if (auto checked = check_against_earlier(*rule, profile.rules); !checked) {
      return with_context(where, checked.error());
    }
    profile.rules.push_back(*std::move(rule));
  }
  if (profile.rules.empty()) return invalid(std::string(file_name) + ": no rule: even exit_group is killed");
  if (profile.purpose.empty())
    return invalid(std::string(file_name) + ": start with a comment: what it is for");
  return profile;
}

}  // namespace immure::policy::seccomp
