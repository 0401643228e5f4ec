// Launches that are recorded in an NV index of a (software) TPM, and attempts to make the index anew.
#include <catch2/catch_test_macros.hpp>

#include "attest/log/cel.hpp"
#include "attest/log/nv_start.hpp"
#include "attest/program/launch_recorder.hpp"
#include "attest/quote/trust.hpp"
#include "attest/tpm/make_quote.hpp"
#include "attest/tpm/nv_index.hpp"
#include "tests/unit/attest/fixtures/software_tpm.hpp"
#include "tests/unit/attest/quote/nv_bundles.hpp"

using namespace immure;
using namespace immure::attest;
using namespace immure::attest::test;

namespace {

constexpr LaunchRegister where{.pcr = 13, .nv_index = test_index};

/// A host with a TPM, its event log and an attestation key.
struct NvHost {
  SoftwareTpmDevice device;
  Scratch scratch;
  std::string path = scratch.path("events.cel");
  tpm::Connection tpm = tpm::Connection::over(device.another()).value();
  tpm::KeyBlob key = tpm::make_attestation_key(tpm).value();

  [[nodiscard]] Expected<std::uint32_t> launch(const LaunchRegister& into = where) const {
    auto recorder = open_recorder(
        device.another(), UniqueFd(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600)));
    REQUIRE(recorder);
    return record_launch(*recorder, good_events(), into);
  }
  [[nodiscard]] ByteVector log() const {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto bytes = bytes_of_text(text);
    return {bytes.begin(), bytes.end()};
  }
  [[nodiscard]] std::vector<log::Record> records() const { return log::parse_cel(log()).value(); }
  [[nodiscard]] quote::Answer verified() const {
    auto bundle = tpm::make_quote(tpm, key, good_nonce, {13}).value();
    bundle.log = log();
    bundle.nv = tpm::NvIndex::open(tpm, test_index).value().certify(key, good_nonce).value();
    auto question = question_about(bundle);
    const auto public_key = quote::read_attestation_key(bundle).value();
    question.policy.attestation_keys = {key_id(public_key.get()).value()};
    return quote::verify_bundle(question);
  }
  void delete_index() const {
    ESYS_TR handle = ESYS_TR_NONE;
    REQUIRE(::Esys_TR_FromTPMPublic(tpm.esys(), test_index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &handle) == TSS2_RC_SUCCESS);
    REQUIRE(::Esys_NV_UndefineSpace(tpm.esys(), ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE) == TSS2_RC_SUCCESS);
  }
};

void require_all_pass(const quote::Answer& answer) {
  for (const auto& check : answer.checks.all()) {
    INFO(check.name << ": " << check.detail);
    REQUIRE(check.result == CheckResult::pass);
  }
}

}  // namespace

TEST_CASE("launches are recorded in an NV index, and its start in a PCR; a verifier believes just that",
          "[attest][tpm]") {
  const NvHost host;
  const auto count = good_events().size();
  const auto first = host.launch();
  INFO((first ? "" : first.error().message));
  REQUIRE(first);
  CHECK(*first == count);
  REQUIRE(host.launch());
  const auto records = host.records();
  CHECK(records.size() == 1 + 2 * count);
  CHECK(log::nv_start_of(records).value()->index == test_index);
  require_all_pass(host.verified());
}

TEST_CASE("an NV index that was deleted and made anew is refused, by launches and by the verifier",
          "[attest][tpm]") {
  const NvHost host;
  REQUIRE(host.launch());
  host.delete_index();
  CHECK_FALSE(host.launch());  // It makes one that never was written to.
  CHECK_FALSE(host.launch());
  SECTION("and extended by all that the log tells of") {
    host.delete_index();
    auto index = tpm::NvIndex::open_or_make(host.tpm, test_index).value();
    const auto records = host.records();
    for (std::size_t i = 1; i < records.size(); ++i) REQUIRE(index.extend(records[i].digests.sha256));
  }
  SECTION("and extended by what the log says of its start, too") {
    host.delete_index();
    auto index = tpm::NvIndex::open_or_make(host.tpm, test_index).value();
    for (const auto& record : host.records()) REQUIRE(index.extend(record.digests.sha256));
  }
  SECTION("and extended by its value at the start") {
    host.delete_index();
    auto index = tpm::NvIndex::open_or_make(host.tpm, test_index).value();
    const auto records = host.records();
    REQUIRE(index.extend(log::nv_start_of(records).value()->value));
    for (std::size_t i = 1; i < records.size(); ++i) REQUIRE(index.extend(records[i].digests.sha256));
  }
  CHECK_FALSE(host.launch());
  auto index = tpm::NvIndex::open(host.tpm, test_index).value();
  if (!index.read()) return;  // Not even written to: there is nothing to certify.
  const auto answer = host.verified();
  CHECK(result_of(answer, "nv-certificate") == CheckResult::pass);
  CHECK(result_of(answer, "nv-replay") == CheckResult::fail);
}

TEST_CASE("what somebody else extends an NV index by is noticed at the next launch", "[attest][tpm]") {
  const NvHost host;
  REQUIRE(host.launch());
  auto index = tpm::NvIndex::open(host.tpm, test_index).value();
  REQUIRE(index.extend(ByteVector(32, 1)));
  CHECK_FALSE(host.launch());
  CHECK(result_of(host.verified(), "nv-replay") == CheckResult::fail);
}

TEST_CASE("an NV index of another kind is left alone", "[attest][tpm]") {
  const NvHost host;
  TPM2B_NV_PUBLIC area{};
  area.nvPublic = {.nvIndex = test_index,
                   .nameAlg = TPM2_ALG_SHA256,
                   .attributes = TPMA_NV_AUTHWRITE | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA,
                   .authPolicy = {},
                   .dataSize = 32};
  const TPM2B_AUTH auth{};
  ESYS_TR handle = ESYS_TR_NONE;
  REQUIRE(::Esys_NV_DefineSpace(host.tpm.esys(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                ESYS_TR_NONE, &auth, &area, &handle) == TSS2_RC_SUCCESS);
  const auto done = host.launch();
  REQUIRE_FALSE(done);
  CHECK(done.error().message.contains("somebody else's"));
}

TEST_CASE("one boot's log is for one register: another host policy waits for the next boot",
          "[attest][tpm]") {
  const NvHost host;
  SECTION("from the PCR to an NV index") {
    REQUIRE(host.launch({.pcr = 13}));
    CHECK_FALSE(host.launch());
  }
  SECTION("from the NV index to the PCR, or to another of either") {
    REQUIRE(host.launch());
    CHECK_FALSE(host.launch({.pcr = 13}));
    CHECK_FALSE(host.launch({.pcr = 12, .nv_index = test_index}));
    CHECK_FALSE(host.launch({.pcr = 13, .nv_index = test_index + 1}));
  }
}
