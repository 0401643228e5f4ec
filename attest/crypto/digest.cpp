#include "attest/crypto/digest.hpp"

namespace immure::attest {
namespace {

template <typename Digest>
Result<Digest> digest_of(Bytes bytes, const EVP_MD* algorithm, const char* name) {
  Digest digest{};
  unsigned size = 0;
  if (::EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr) != 1 ||
      size != digest.size()) {
    return invalid(std::string(name) + ": OpenSSL offers none");
  }
  return digest;
}

}  // namespace

Result<Sha256Digest> sha256(Bytes bytes) { return digest_of<Sha256Digest>(bytes, ::EVP_sha256(), "SHA-256"); }

Result<Sha384Digest> sha384(Bytes bytes) { return digest_of<Sha384Digest>(bytes, ::EVP_sha384(), "SHA-384"); }

}  // namespace immure::attest
