#pragma once

#include <string>

#include "attest/crypto/bytes.hpp"
#include "attest/program/failure.hpp"

namespace immure::attest {

/// The bytes of an option in hexadecimal; usage where it is none.
inline Expected<ByteVector> hex_option(const std::string& option, const std::string& text) {
  auto bytes = from_hex(text);
  if (bytes && !bytes->empty()) return *std::move(bytes);
  return fail(ExitCode::usage, option + " " + text + ": this is no hexadecimal", "two digits for each byte");
}

}  // namespace immure::attest
