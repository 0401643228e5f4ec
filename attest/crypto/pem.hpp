#pragma once

#include <string>
#include <vector>

#include "attest/crypto/bytes.hpp"
#include "base/result.hpp"

namespace immure::attest {

/// One block between -----BEGIN LABEL----- and -----END LABEL----- (RFC 7468).
struct PemBlock {
  std::string label;
  std::string header;  ///< of an old encrypted key; otherwise empty
  ByteVector bytes;
};

/// The blocks of a text in their order, at most `most`; what stands between them is ignored.
Result<std::vector<PemBlock>> pem_blocks(Bytes text, std::size_t most);

}  // namespace immure::attest
