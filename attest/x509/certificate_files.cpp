#include "attest/x509/certificate_files.hpp"

#include <algorithm>
#include <climits>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "attest/crypto/errors.hpp"

namespace immure::attest {
namespace {

/// One block between -----BEGIN and -----END.
struct PemBlock {
  std::string label;
  std::string header;
  ByteVector bytes;
};

std::optional<PemBlock> next_block(BIO* text) {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (::PEM_read_bio(text, &label, &header, &data, &size) != 1) {
    ::ERR_clear_error();
    return std::nullopt;
  }
  PemBlock block{.label = label, .header = header, .bytes = {data, data + size}};
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return block;
}

Result<std::vector<Certificate>> read_pem(Bytes bytes) {
  const BioHandle text(::BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  if (!text) return openssl_error("read PEM");
  std::vector<Certificate> found;
  while (const auto block = next_block(text.get())) {
    if (block->label != "CERTIFICATE" || !block->header.empty()) continue;
    found.push_back(IMMURE_TRY(Certificate::parse(block->bytes)));
    if (found.size() == CertificateSet::most) break;
  }
  if (found.empty()) return invalid("no certificate in it");
  return found;
}

Result<std::vector<Certificate>> read_file(Bytes bytes) {
  constexpr std::uint8_t der_sequence = 0x30;
  if (bytes.empty()) return invalid("empty");
  if (bytes.size() > INT_MAX) return invalid("too long");
  // PEM text cannot start with '0' in front of its first BEGIN and be DER at the same time.
  if (bytes.front() == der_sequence) {
    if (auto one = Certificate::parse(bytes)) return std::vector<Certificate>{*std::move(one)};
  }
  return read_pem(bytes);
}

}  // namespace

CertificateSet read_certificates(std::span<const NamedBytes> files) {
  CertificateSet set;
  for (const auto& file : files) {
    const auto found = read_file(file.bytes);
    if (!found) {
      set.ignored.push_back(file.name + ": " + found.error().message);
      continue;
    }
    for (const auto& certificate : *found) {
      if (set.certificates.size() == CertificateSet::most) return set;
      if (std::ranges::find(set.certificates, certificate) == set.certificates.end()) {
        set.certificates.push_back(certificate);
      }
    }
  }
  return set;
}

Result<Certificate> read_one_certificate(const NamedBytes& file) {
  const auto found = read_file(file.bytes);
  if (!found) return with_context(file.name, found.error());
  if (found->size() != 1) return invalid(file.name + ": more than one certificate in it");
  return found->front();
}

}  // namespace immure::attest
