#include "attest/verity/block_hasher.hpp"

#include "attest/crypto/errors.hpp"

namespace immure::attest::verity {

using FetchedDigest = std::unique_ptr<EVP_MD, FreeWith<::EVP_MD_free>>;

Result<BlockHasher> BlockHasher::make(TreeHash hash, Bytes prefix) {
  // Fetched once: OpenSSL looks a digest that was not fetched up anew at each start, which costs as much as
  // half a block.
  const FetchedDigest digest(
      ::EVP_MD_fetch(nullptr, hash == TreeHash::sha256 ? "SHA256" : "SHA512", nullptr));
  DigestContext context(::EVP_MD_CTX_new());
  if (!digest || !context || ::EVP_DigestInit_ex(context.get(), digest.get(), nullptr) != 1) {
    return openssl_error("start " + std::string(name_of(hash)));
  }
  return BlockHasher(std::move(context), prefix);
}

Result<void> BlockHasher::hash(Bytes block, std::span<std::uint8_t> out) {
  auto* context = context_.get();
  if (::EVP_DigestInit_ex(context, nullptr, nullptr) != 1 ||
      ::EVP_DigestUpdate(context, prefix_.data(), prefix_.size()) != 1 ||
      ::EVP_DigestUpdate(context, block.data(), block.size()) != 1 ||
      ::EVP_DigestFinal_ex(context, out.data(), nullptr) != 1) {
    return openssl_error("hash a block");
  }
  return {};
}

}  // namespace immure::attest::verity
