#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace immure::attest {

/// Frees an OpenSSL object with its own function.
template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioHandle = std::unique_ptr<BIO, FreeWith<::BIO_free_all>>;
using BignumHandle = std::unique_ptr<BIGNUM, FreeWith<::BN_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<::EVP_MD_CTX_free>>;
using EcdsaSignatureHandle = std::unique_ptr<ECDSA_SIG, FreeWith<::ECDSA_SIG_free>>;
using IntegerHandle = std::unique_ptr<ASN1_INTEGER, FreeWith<::ASN1_INTEGER_free>>;
using ObjectHandle = std::unique_ptr<ASN1_OBJECT, FreeWith<::ASN1_OBJECT_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeWith<::EVP_PKEY_free>>;
using CertificateHandle = std::unique_ptr<X509, FreeWith<::X509_free>>;

}  // namespace immure::attest
