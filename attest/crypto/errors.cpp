#include "attest/crypto/errors.hpp"

#include <openssl/err.h>

namespace immure::attest {

std::unexpected<Error> openssl_error(std::string_view what) {
  const auto code = ::ERR_peek_last_error();
  ::ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  return invalid(std::string(what) + ": " + (reason == nullptr ? "refused" : reason));
}

}  // namespace immure::attest
