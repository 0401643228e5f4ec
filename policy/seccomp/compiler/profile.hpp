#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace immure::policy::seccomp {

/// (argument & mask) is one of `values`, all of it in 64 bits.
struct Condition {
  unsigned argument = 0;  ///< 0 to 5
  std::uint64_t mask = ~std::uint64_t{0};
  std::vector<std::uint64_t> values;
};

/// One line of a profile: a system call, the conditions that must all hold, and why it is there. Several
/// lines with one name are alternatives.
struct Rule {
  std::string name;
  int number = -1;  ///< on x86-64
  std::vector<Condition> conditions;
  std::optional<int> answer;   ///< errno that the call fails with; nothing: it is allowed
  std::string condition_text;  ///< as written
  std::string answer_text;     ///< as written
  std::string reason;
  std::string section;  ///< the comment above it, if it is the first rule below one
  std::size_t line = 0;
};

/// A text file of policy/seccomp/profiles. Everything without a rule kills the process.
struct ProfileText {
  std::string name;
  std::string purpose;  ///< the comment that the file starts with, up to the first other line
  std::vector<Rule> rules;
};

/// Reads a profile. The grammar, one rule on a line:
///
///     NAME [: CONDITION [and CONDITION]...] [-> ERRNO]  # REASON
///     CONDITION = argN == VALUE | argN in {VALUE, ...} | argN & VALUE == VALUE | argN & VALUE in {VALUE,
///     ...} VALUE     = (number | symbol) [| ...]
///
/// Errors name file and line: a system call that x86-64 does not have, an unknown symbol, a missing reason, a
/// line said twice, two answers to one call, conditional and unconditional lines of one name, two conditions
/// on one argument.
Result<ProfileText> parse_profile(std::string_view text, std::string_view file_name);

}  // namespace immure::policy::seccomp
