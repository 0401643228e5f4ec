#include "base/result.hpp"

#include <cstring>

namespace immure {

std::unexpected<Error> system_error(std::string_view what, int error_number) {
  char buffer[128];
  std::string message(what);
  message += ": ";
  message += strerror_r(error_number, buffer, sizeof(buffer));
  return std::unexpected(Error{.message = std::move(message), .error_number = error_number});
}

std::unexpected<Error> invalid(std::string_view message) {
  return std::unexpected(Error{.message = std::string(message)});
}

Result<void> checked(long result, std::string_view what) {
  if (result < 0) return system_error(what);
  return {};
}

Result<void> tolerate(int harmless, Result<void> result) {
  if (!result && result.error().error_number == harmless) return {};
  return result;
}

std::unexpected<Error> with_context(std::string_view context, Error error) {
  error.message.insert(0, ": ").insert(0, context);
  return std::unexpected(std::move(error));
}

}  // namespace immure
