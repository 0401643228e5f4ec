#include <cstdint>
#include <cstdlib>

#include "attest/snp/endorsement.hpp"
#include "attest/x509/amd_profile.hpp"
#include "attest/x509/certificate_files.hpp"

using namespace immure::attest;

// Any bytes as a file of certificates: each that is read is asked everything that can be asked of one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const NamedBytes file{.name = "fuzz", .bytes = ByteVector(data, data + size)};
  const auto set = read_certificates({&file, 1});
  if (set.certificates.size() > CertificateSet::most) std::abort();
  for (const auto& certificate : set.certificates) {
    if (!Certificate::parse(certificate.der())) std::abort();
    (void)certificate.subject();
    (void)certificate.public_key_digest();
    (void)check_signature_algorithm(certificate);
    (void)check_ca_key(certificate);
    (void)check_endorsement_key(certificate);
    (void)check_is_authority(certificate, 1);
    (void)check_is_no_authority(certificate);
    (void)check_issued_by(certificate, certificate);
    (void)check_valid_at(certificate, {});
    (void)snp::endorsement_key_of(certificate);
    const snp::Endorsement endorsement(certificate);
    (void)endorsement.product_name();
    (void)endorsement.hardware_id();
    (void)endorsement.provider();
    for (const auto product : {snp::Product::milan, snp::Product::turin}) (void)endorsement.tcb(product);
  }
  return 0;
}
