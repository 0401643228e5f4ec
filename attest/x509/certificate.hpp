#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "attest/crypto/bytes.hpp"
#include "attest/crypto/digest.hpp"
#include "attest/crypto/handles.hpp"
#include "base/result.hpp"

namespace immure::attest {

/// Both ends of a certificate's life, both inside.
struct Validity {
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;
};

/// One X.509 certificate (RFC 5280). Cheap to copy: copies share what was parsed.
class Certificate {
 public:
  static constexpr std::size_t largest = 64 << 10;

  /// `der` must be one certificate in DER and nothing else: what would be written back is what was read.
  static Result<Certificate> parse(Bytes der);

  [[nodiscard]] const ByteVector& der() const { return *der_; }
  [[nodiscard]] EVP_PKEY* public_key() const;
  /// SHA-384 of the SubjectPublicKeyInfo: names a key whatever certificate it is in.
  [[nodiscard]] Result<Sha384Digest> public_key_digest() const;

  /// "SEV-VCEK"; empty where there is none, or more than one.
  [[nodiscard]] std::string common_name() const;
  /// The subject, for messages.
  [[nodiscard]] std::string subject() const;
  [[nodiscard]] bool is_self_issued() const;
  [[nodiscard]] bool names_as_issuer(const Certificate& issuer) const;

  [[nodiscard]] Result<Validity> validity() const;
  /// The value of a non-standard extension by dotted OID: nothing where it is missing; an Error where it is
  /// there twice.
  [[nodiscard]] Result<std::optional<ByteVector>> extension(const std::string& oid) const;

  /// For the functions of OpenSSL that take one but do not write to it as far as its content goes.
  [[nodiscard]] X509* handle() const { return handle_.get(); }

  friend bool operator==(const Certificate& a, const Certificate& b) { return *a.der_ == *b.der_; }

 private:
  Certificate(std::shared_ptr<X509> handle, std::shared_ptr<const ByteVector> der)
      : handle_(std::move(handle)), der_(std::move(der)) {}

  std::shared_ptr<X509> handle_;
  std::shared_ptr<const ByteVector> der_;
};

}  // namespace immure::attest
