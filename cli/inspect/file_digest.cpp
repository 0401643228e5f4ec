#include "cli/inspect/file_digest.hpp"

#include <array>
#include <memory>

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "base/hex.hpp"

namespace immure::cli {

Result<std::string> sha256_of(int fd) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(::EVP_MD_CTX_new(), ::EVP_MD_CTX_free);
  if (!context || ::EVP_DigestInit_ex(context.get(), ::EVP_sha256(), nullptr) != 1) {
    return invalid("sha256: OpenSSL offers none");
  }
  std::vector<std::uint8_t> chunk(1 << 16);
  for (off_t offset = 0;;) {
    const auto n = ::pread(fd, chunk.data(), chunk.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("sha256: read");
    if (n == 0) break;
    if (::EVP_DigestUpdate(context.get(), chunk.data(), static_cast<std::size_t>(n)) != 1) {
      return invalid("sha256: update failed");
    }
    offset += n;
  }
  std::array<std::uint8_t, 32> digest{};
  unsigned size = 0;
  if (::EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1 || size != digest.size()) {
    return invalid("sha256: final failed");
  }
  return to_hex(digest);
}

Result<std::string> sha256_of_process_file(const ProcessDirectory& process, const std::string& path) {
  const auto fd = IMMURE_TRY(process.open_at(path, O_RDONLY));
  return sha256_of(fd.get());
}

}  // namespace immure::cli
