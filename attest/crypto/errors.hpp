#pragma once

#include <string_view>

#include "base/result.hpp"

namespace immure::attest {

/// "WHAT: OpenSSL's reason", and empties OpenSSL's queue of errors.
std::unexpected<Error> openssl_error(std::string_view what);

}  // namespace immure::attest
