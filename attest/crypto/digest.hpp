#pragma once

#include <array>

#include "attest/crypto/bytes.hpp"
#include "attest/crypto/handles.hpp"
#include "base/result.hpp"

namespace immure::attest {

using Sha256Digest = std::array<std::uint8_t, 32>;
using Sha384Digest = std::array<std::uint8_t, 48>;

/// By OpenSSL's EVP; an Error only where the library offers none.
Result<Sha256Digest> sha256(Bytes bytes);
Result<Sha384Digest> sha384(Bytes bytes);

}  // namespace immure::attest
