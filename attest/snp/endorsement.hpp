#pragma once

#include <optional>
#include <string>

#include "attest/snp/tcb.hpp"
#include "attest/x509/certificate.hpp"

namespace immure::attest::snp {

/// VCEK: a chip's own key, derived from a secret of the chip and its TCB. VLEK: a cloud provider's, for all
/// its chips of a TCB.
enum class EndorsementKey { vcek, vlek };

/// "VCEK".
std::string_view name_of(EndorsementKey kind);

/// What the certificate of an endorsement key is one of, by its subject ("SEV-VCEK", "SEV-VLEK").
std::optional<EndorsementKey> endorsement_key_of(const Certificate& certificate);

/// The extensions of an endorsement key's certificate (AMD 57230, 3.1; OIDs below 1.3.6.1.4.1.3704.1). Each
/// getter is an Error where the extension is missing, there twice, or has another form.
class Endorsement {
 public:
  explicit Endorsement(Certificate certificate) : certificate_(std::move(certificate)) {}

  /// "Milan-B0", "Turin".
  [[nodiscard]] Result<std::string> product_name() const;
  [[nodiscard]] Result<Tcb> tcb(Product product) const;
  /// The chip's id: 64 bytes, 8 on Turin. VCEK only.
  [[nodiscard]] Result<ByteVector> hardware_id() const;
  /// The cloud provider's name. VLEK only.
  [[nodiscard]] Result<std::string> provider() const;

 private:
  [[nodiscard]] Result<ByteVector> require(const std::string& arc, std::string_view what) const;
  [[nodiscard]] Result<std::string> text(const std::string& arc, std::string_view what) const;
  [[nodiscard]] Result<std::uint8_t> small_number(const std::string& arc, std::string_view what) const;

  Certificate certificate_;
};

}  // namespace immure::attest::snp
