#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace immure {

/// What went wrong, in words a user can act on: the step, the object, the cause.
struct Error {
  std::string message;
  /// The errno of a failed system call, 0 where there was none.
  int error_number = 0;
};

/// A value or an Error. Unlike std::expected it cannot be dropped without a warning.
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

/// "WHAT: errno's text". `what` names the step and the object: "open /dev/kvm".
std::unexpected<Error> system_error(std::string_view what, int error_number = errno);

/// Input, configuration or state that breaks a rule; `message` names the rule and the offender.
std::unexpected<Error> invalid(std::string_view message);

/// An Error with errno where a system call gave a negative result.
Result<void> checked(long result, std::string_view what);

/// The same result, but the errno `harmless` is no error.
Result<void> tolerate(int harmless, Result<void> result);

/// The same error with the outer step in front: "label disk root: ...".
std::unexpected<Error> with_context(std::string_view context, Error error);

}  // namespace immure

/// Unwraps a Result, or returns its error from the enclosing function. May be nested: each use has a name of
/// its own.
#define IMMURE_TRY(expression) IMMURE_TRY_AS(expression, IMMURE_JOIN(immure_try_result_, __COUNTER__))
#define IMMURE_JOIN(a, b) IMMURE_JOIN_EXPANDED(a, b)
#define IMMURE_JOIN_EXPANDED(a, b) a##b
// NOLINTBEGIN(bugprone-macro-parentheses): `name` is declared here, and a declared name takes no parentheses.
#define IMMURE_TRY_AS(expression, name)                \
  __extension__({                                      \
    auto&& name = (expression);                        \
    if (!name) [[unlikely]]                            \
      return std::unexpected(std::move(name).error()); \
    *std::move(name);                                  \
  })
// NOLINTEND(bugprone-macro-parentheses)
