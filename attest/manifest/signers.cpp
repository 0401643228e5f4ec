#include "attest/manifest/signers.hpp"

#include <algorithm>

#include "attest/crypto/errors.hpp"
#include "attest/crypto/pem.hpp"
#include "attest/crypto/signature.hpp"
#include "base/proc_text.hpp"

namespace immure::attest::manifest {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
};

Result<Signer> signer_of(std::shared_ptr<EVP_PKEY> key, std::string file) {
  Signer out{.id = IMMURE_TRY(key_id(key.get())),
             .algorithm = IMMURE_TRY(signature_algorithm(key.get())),
             .file = std::move(file),
             .key = std::move(key),
             .certificate = {}};
  return out;
}

Result<Signer> read_public_key(const ByteVector& der, const std::string& file) {
  const auto* end = der.data();
  std::shared_ptr<EVP_PKEY> key(::d2i_PUBKEY(nullptr, &end, static_cast<long>(der.size())), Free());
  if (!key || end != der.data() + der.size()) return openssl_error("not a public key");
  return signer_of(std::move(key), file);
}

Result<Signer> read_certificate(const ByteVector& der, const std::string& file) {
  auto certificate = IMMURE_TRY(Certificate::parse(der));
  EVP_PKEY* key = certificate.public_key();
  if (key == nullptr || ::EVP_PKEY_up_ref(key) != 1) return openssl_error("the certificate's key");
  auto signer = IMMURE_TRY(signer_of(std::shared_ptr<EVP_PKEY>(key, Free()), file));
  signer.certificate = std::move(certificate);
  return signer;
}

void read_file(const NamedBytes& file, Signers& out) {
  constexpr std::size_t most_blocks = 64;
  const auto ignore = [&](const std::string& why) { out.ignored.push_back(file.name + ": " + why); };
  const auto blocks = pem_blocks(file.bytes, most_blocks);
  if (!blocks) return ignore(blocks.error().message);
  if (blocks->empty()) return ignore("no key and no certificate in PEM");
  for (const auto& block : *blocks) {
    if (out.all.size() == Signers::most) return ignore("more than 256 keys");
    const bool is_key = block.label == "PUBLIC KEY";
    if (!is_key && block.label != "CERTIFICATE") {
      ignore("a block " + block.label + " is neither a public key nor a certificate");
      continue;
    }
    auto signer = is_key ? read_public_key(block.bytes, file.name) : read_certificate(block.bytes, file.name);
    if (signer) {
      out.all.push_back(*std::move(signer));
    } else {
      ignore(signer.error().message);
    }
  }
}

}  // namespace

Signers read_signers(std::span<const NamedBytes> files) {
  Signers out;
  for (const auto& file : files) read_file(file, out);
  return out;
}

Result<std::set<std::string>> parse_revocations(std::string_view text, std::string_view file_name) {
  constexpr std::size_t sha256_bytes = 32;
  std::set<std::string> out;
  std::size_t number = 0;
  for (auto line : lines_of(text)) {
    ++number;
    line = line.substr(0, line.find('#'));
    const auto words = words_of(line);
    if (words.empty()) continue;
    const auto digest = from_hex(words.front());
    if (words.size() != 1 || !digest || digest->size() != sha256_bytes) {
      return invalid(std::string(file_name) + ":" + std::to_string(number) +
                     ": not a SHA-256 digest; allowed: 64 hexadecimal digits, alone on their line");
    }
    out.insert(to_hex(*digest));
  }
  return out;
}

}  // namespace immure::attest::manifest
