#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "attest/crypto/signature.hpp"
#include "attest/manifest/signers.hpp"

using namespace immure::attest;

// Any bytes as a file of public keys, as a private key and as a list of revocations.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const NamedBytes file{.name = "fuzz", .bytes = ByteVector(data, data + size)};
  const auto signers = manifest::read_signers({&file, 1});
  for (const auto& signer : signers.all) {
    if (check_signature(signer.key.get(), file.bytes,
                        Bytes(file.bytes).first(std::min<std::size_t>(size, 64)))) {
      std::abort();
    }
  }
  (void)read_private_key(file.bytes);
  (void)manifest::parse_revocations({reinterpret_cast<const char*>(data), size}, "fuzz");
  return 0;
}
