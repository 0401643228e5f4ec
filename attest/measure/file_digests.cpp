#include "attest/measure/file_digests.hpp"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include "attest/crypto/errors.hpp"
#include "base/io.hpp"

namespace immure::attest::measure {
namespace {

/// Both hashes at once, so that a file is read once.
class TwoHashes {
 public:
  Result<void> start() {
    if (!sha256_ || !sha384_ || ::EVP_DigestInit_ex(sha256_.get(), ::EVP_sha256(), nullptr) != 1 ||
        ::EVP_DigestInit_ex(sha384_.get(), ::EVP_sha384(), nullptr) != 1) {
      return openssl_error("start SHA-256 and SHA-384");
    }
    return {};
  }
  Result<void> add(Bytes bytes) {
    if (::EVP_DigestUpdate(sha256_.get(), bytes.data(), bytes.size()) != 1 ||
        ::EVP_DigestUpdate(sha384_.get(), bytes.data(), bytes.size()) != 1) {
      return openssl_error("hash");
    }
    return {};
  }
  Result<Digests> finish() {
    Digests out;
    if (::EVP_DigestFinal_ex(sha256_.get(), out.sha256.data(), nullptr) != 1 ||
        ::EVP_DigestFinal_ex(sha384_.get(), out.sha384.data(), nullptr) != 1) {
      return openssl_error("hash");
    }
    return out;
  }

 private:
  DigestContext sha256_{::EVP_MD_CTX_new()};
  DigestContext sha384_{::EVP_MD_CTX_new()};
};

}  // namespace

Result<Digests> digests_of_bytes(Bytes bytes) {
  return Digests{.sha256 = IMMURE_TRY(sha256(bytes)), .sha384 = IMMURE_TRY(sha384(bytes))};
}

Result<Digests> digests_of_file(int fd, std::uint64_t size, const Progress& progress) {
  constexpr std::uint64_t chunk_bytes = 256 << 10;
  TwoHashes hashes;
  IMMURE_TRY(hashes.start());
  ByteVector chunk(chunk_bytes);
  for (std::uint64_t at = 0; at < size;) {
    const auto now = std::min(chunk_bytes, size - at);
    const auto part = std::span(chunk).first(now);
    IMMURE_TRY(pread_exactly(fd, std::as_writable_bytes(part), at));
    IMMURE_TRY(hashes.add(part));
    at += now;
    progress(now);
  }
  IMMURE_TRY(require_end(fd, size));
  return hashes.finish();
}

Result<void> require_end(int fd, std::uint64_t size) {
  std::uint8_t byte = 0;
  ssize_t n = 0;
  do {
    n = ::pread(fd, &byte, 1, static_cast<off_t>(size));
  } while (n < 0 && errno == EINTR);
  if (n < 0) return system_error("pread");
  if (n != 0) return invalid("it grew while it was measured");
  return {};
}

std::vector<Field> digest_fields(const Digests& digests, std::uint64_t size) {
  return {
      {"sha256", to_hex(digests.sha256)}, {"sha384", to_hex(digests.sha384)}, {"size", std::to_string(size)}};
}

}  // namespace immure::attest::measure
