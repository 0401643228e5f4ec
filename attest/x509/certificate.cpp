#include "attest/x509/certificate.hpp"

#include <ctime>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "attest/crypto/errors.hpp"

namespace immure::attest {
namespace {

/// gmtime(3) and timegm(3) read time zone files; this is arithmetic only.
Result<std::chrono::sys_seconds> seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ::ASN1_TIME_to_tm(time, &parts) != 1) return openssl_error("read a date");
  using namespace std::chrono;
  const year_month_day date(year(parts.tm_year + 1900), month(static_cast<unsigned>(parts.tm_mon + 1)),
                            day(static_cast<unsigned>(parts.tm_mday)));
  if (!date.ok()) return invalid("read a date: there is no such day");
  return sys_days(date) + hours(parts.tm_hour) + minutes(parts.tm_min) + seconds(parts.tm_sec);
}

ByteVector encoded(X509* certificate) {
  unsigned char* buffer = nullptr;
  const int size = ::i2d_X509(certificate, &buffer);
  if (size <= 0) return {};
  ByteVector out(buffer, buffer + size);
  OPENSSL_free(buffer);
  return out;
}

}  // namespace

Result<Certificate> Certificate::parse(Bytes der) {
  if (der.empty() || der.size() > largest) return invalid("not a certificate: its size is out of bounds");
  const auto* end = der.data();
  CertificateHandle handle(::d2i_X509(nullptr, &end, static_cast<long>(der.size())));
  if (!handle) return openssl_error("not a certificate");
  auto bytes = std::make_shared<const ByteVector>(der.begin(), der.end());
  if (end != der.data() + der.size() || encoded(handle.get()) != *bytes) {
    return invalid("not a certificate in DER: it has another encoding, or something follows it");
  }
  // Parses the extensions now: from here on the object is only read.
  if (::X509_check_purpose(handle.get(), -1, 0) != 1) (void)openssl_error("");
  return Certificate(std::shared_ptr<X509>(std::move(handle)), std::move(bytes));
}

EVP_PKEY* Certificate::public_key() const { return ::X509_get0_pubkey(handle_.get()); }

Result<Sha384Digest> Certificate::public_key_digest() const {
  unsigned char* buffer = nullptr;
  const int size = ::i2d_X509_PUBKEY(::X509_get_X509_PUBKEY(handle_.get()), &buffer);
  if (size <= 0) return openssl_error("encode the public key");
  const auto digest = sha384({buffer, static_cast<std::size_t>(size)});
  OPENSSL_free(buffer);
  return digest;
}

std::string Certificate::common_name() const {
  const X509_NAME* name = ::X509_get_subject_name(handle_.get());
  const int at = ::X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0 || ::X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0) return {};
  unsigned char* text = nullptr;
  const int size = ::ASN1_STRING_to_UTF8(&text, ::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

std::string Certificate::subject() const {
  const BioHandle out(::BIO_new(::BIO_s_mem()));
  // Escapes control characters and everything beyond ASCII.
  if (!out ||
      ::X509_NAME_print_ex(out.get(), ::X509_get_subject_name(handle_.get()), 0, XN_FLAG_RFC2253) < 0) {
    return {};
  }
  char* text = nullptr;
  const long size = ::BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

bool Certificate::is_self_issued() const { return names_as_issuer(*this); }

bool Certificate::names_as_issuer(const Certificate& issuer) const {
  return ::X509_NAME_cmp(::X509_get_issuer_name(handle_.get()),
                         ::X509_get_subject_name(issuer.handle_.get())) == 0;
}

Result<Validity> Certificate::validity() const {
  return Validity{.not_before = IMMURE_TRY(seconds_of(::X509_get0_notBefore(handle_.get()))),
                  .not_after = IMMURE_TRY(seconds_of(::X509_get0_notAfter(handle_.get())))};
}

Result<std::optional<ByteVector>> Certificate::extension(const std::string& oid) const {
  const ObjectHandle object(::OBJ_txt2obj(oid.c_str(), 1));
  if (!object) return openssl_error("OID " + oid);
  const int at = ::X509_get_ext_by_OBJ(handle_.get(), object.get(), -1);
  if (at < 0) return std::nullopt;
  if (::X509_get_ext_by_OBJ(handle_.get(), object.get(), at) >= 0) {
    return invalid("the extension " + oid + " is there twice");
  }
  const ASN1_OCTET_STRING* value = ::X509_EXTENSION_get_data(::X509_get_ext(handle_.get(), at));
  const auto* data = ::ASN1_STRING_get0_data(value);
  return ByteVector(data, data + ::ASN1_STRING_length(value));
}

}  // namespace immure::attest
