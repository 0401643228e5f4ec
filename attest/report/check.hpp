#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace immure::attest {

/// not_evaluated fails as fail does: what was not looked at proves nothing.
enum class CheckResult { pass, fail, not_evaluated };

/// What a check that does not pass says: that the evidence is not genuine, that an event log does not fit it,
/// or that it is not what was wanted.
enum class CheckKind { evidence, log, policy };

/// "pass", "fail", "not-evaluated".
std::string_view name_of(CheckResult result);

struct Check {
  std::string name;
  CheckKind kind = CheckKind::evidence;
  CheckResult result = CheckResult::not_evaluated;
  std::string detail;  ///< what was found, in words
};

/// Every check that belongs to one verification, in order. A check that is not in the list was not promised.
class CheckList {
 public:
  /// A value is what passed; an Error's message is why it failed. Yields whether it passed.
  bool add(std::string_view name, CheckKind kind, const Result<std::string>& outcome);
  void skip(std::string_view name, CheckKind kind, std::string_view why);

  [[nodiscard]] const std::vector<Check>& all() const { return checks_; }
  /// True where there are checks of the kind and each passed; where there are none, it is also true but
  /// for CheckKind::evidence.
  [[nodiscard]] bool passed(CheckKind kind) const;

 private:
  std::vector<Check> checks_;
};

}  // namespace immure::attest
