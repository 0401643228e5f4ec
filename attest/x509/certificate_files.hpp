#pragma once

#include <span>
#include <string>
#include <vector>

#include "attest/x509/certificate.hpp"

namespace immure::attest {

/// One file's bytes and its name for messages.
struct NamedBytes {
  std::string name;
  ByteVector bytes;
};

/// What a directory of certificates holds.
struct CertificateSet {
  static constexpr std::size_t most = 64;

  std::vector<Certificate> certificates;  ///< each one once, at most `most`
  std::vector<std::string> ignored;       ///< "NAME: why it is no certificate"
};

/// Certificates from files in DER (one each) and PEM (any number), told apart by what is in them. A file
/// that is neither is ignored: what is missing is noticed by who needs it.
CertificateSet read_certificates(std::span<const NamedBytes> files);

/// The one certificate of a file; an Error where there is none, or more.
Result<Certificate> read_one_certificate(const NamedBytes& file);

}  // namespace immure::attest
