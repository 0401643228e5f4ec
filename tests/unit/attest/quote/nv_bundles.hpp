#pragma once

#include "attest/log/nv_start.hpp"
#include "attest/quote/nv_certificate.hpp"
#include "tests/unit/attest/quote/bundles.hpp"

namespace immure::attest::test {

constexpr std::uint32_t test_index = 0x0180'0100;

/// TPMS_NV_PUBLIC and the parts of a certificate on it, so that a test can change one.
struct NvParts {
  std::uint32_t index = test_index;
  std::uint16_t hash = 0x000b;
  std::uint32_t attributes = quote::nv_attributes | quote::nv_written;
  ByteVector policy{};
  std::uint16_t size = 32;
  std::uint32_t magic = 0xff544347;
  std::uint16_t tag = 0x8014;
  ByteVector nonce = good_nonce;
  ByteVector name{};  ///< empty: that of the public area
  std::uint16_t offset = 0;
  ByteVector value{};
  ByteVector behind{};

  [[nodiscard]] ByteVector public_area() const {
    ByteVector out;
    put_number(out, index);
    put_number(out, hash);
    put_number(out, attributes);
    put_2b(out, policy);
    put_number(out, size);
    return out;
  }
  [[nodiscard]] ByteVector tpm_name() const {
    ByteVector out{0, 0x0b};
    const auto digest = sha256(public_area()).value();
    out.insert(out.end(), digest.begin(), digest.end());
    return out;
  }
  [[nodiscard]] ByteVector certificate() const {
    ByteVector out;
    put_number(out, magic);
    put_number(out, tag);
    put_2b(out, ByteVector(34, 9));
    put_2b(out, nonce);
    out.insert(out.end(), 17 + 8, 0);
    put_2b(out, name.empty() ? tpm_name() : name);
    put_number(out, offset);
    put_2b(out, value);
    out.insert(out.end(), behind.begin(), behind.end());
    return out;
  }
  [[nodiscard]] quote::NvCertificate by(const std::string& signer) const {
    return {.public_area = public_area(),
            .certificate = certificate(),
            .signature = tpm_signature(key(signer), certificate())};
  }
};

inline log::NvStart good_start() {
  log::NvStart out{.index = test_index, .name = NvParts().tpm_name()};
  out.value.fill(0x5a);
  return out;
}

/// The start, for PCR 13, and a launch in the index.
inline std::vector<log::Record> nv_records() {
  auto out = log::make_records({log::event_of(good_start())}, 13).value();
  const auto launch = log::make_records(good_events(), 13, 1, test_index).value();
  out.insert(out.end(), launch.begin(), launch.end());
  return out;
}

inline NvParts good_parts(const std::vector<log::Record>& records) {
  const auto value = log::replay_nv(good_start(), records).value();
  NvParts out;
  out.value.assign(value.begin(), value.end());
  return out;
}

/// A good one.
inline quote::Bundle nv_bundle(const std::vector<log::Record>& records) {
  auto out = bundle_of(records);
  out.nv = good_parts(records).by("p256");
  return out;
}

}  // namespace immure::attest::test
