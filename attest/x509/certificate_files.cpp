#include "attest/x509/certificate_files.hpp"

#include <algorithm>

#include "attest/crypto/pem.hpp"

namespace immure::attest {
namespace {

/// Of any label, in one file.
constexpr std::size_t most_blocks = 1024;

Result<std::vector<Certificate>> read_pem(Bytes bytes) {
  std::vector<Certificate> found;
  for (const auto& block : IMMURE_TRY(pem_blocks(bytes, most_blocks))) {
    if (block.label != "CERTIFICATE" || !block.header.empty()) continue;
    found.push_back(IMMURE_TRY(Certificate::parse(block.bytes)));
    if (found.size() == CertificateSet::most) break;
  }
  if (found.empty()) return invalid("no certificate in it");
  return found;
}

Result<std::vector<Certificate>> read_file(Bytes bytes) {
  constexpr std::uint8_t der_sequence = 0x30;
  if (bytes.empty()) return invalid("empty");
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
