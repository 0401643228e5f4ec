#include "attest/manifest/verify.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/manifest/manifests.hpp"

using namespace immure::attest;
using namespace immure::attest::manifest;
using namespace immure::attest::test;

namespace {

std::string certificate_pem(const std::string& subject_key,
                            const std::string& not_after = "20450101000000Z") {
  return to_pem(make_certificate({.subject = "signer",
                                  .issuer = "issuer",
                                  .subject_key = subject_key,
                                  .issuer_key = "other",
                                  .not_after = not_after}));
}

/// What a manifest means to who verifies it.
std::string meaning(const Question& question) {
  const auto answer = verify_manifest(question);
  const auto envelope = parse_envelope(question.manifest);
  std::string out;
  for (const auto& id : answer.signed_by) out += id + " ";
  return envelope ? out + envelope->payload : out;
}

}  // namespace

TEST_CASE("a manifest of every kind of key is accepted", "[attest]") {
  for (const auto* const name : {"ed25519", "p256", "leaf", "small"}) {
    CAPTURE(name);
    CHECK(first_failure(question_on(good_envelope({name}), public_pem(key(name)))).empty());
  }
}

TEST_CASE("every changed byte of the payload is refused", "[attest]") {
  const auto good = good_envelope();
  const auto keys = public_pem(key("ed25519"));
  for (std::size_t i = 0; i < good.payload.size(); ++i) {
    auto envelope = good;
    envelope.payload[i] = static_cast<char>(envelope.payload[i] ^ 1);
    REQUIRE_FALSE(accepted(question_on(envelope, keys)));
  }
}

TEST_CASE("every changed byte of a signature or of its key id is refused", "[attest]") {
  const auto good = good_envelope({"p256"});
  const auto keys = public_pem(key("p256"));
  for (std::size_t i = 0; i < good.signatures[0].bytes.size(); ++i) {
    auto envelope = good;
    envelope.signatures[0].bytes[i] ^= 1;
    REQUIRE_FALSE(accepted(question_on(envelope, keys)));
  }
  for (std::size_t i = 0; i < good.signatures[0].key_id.size(); ++i) {
    auto envelope = good;
    envelope.signatures[0].key_id[i] ^= 1;
    REQUIRE_FALSE(accepted(question_on(envelope, keys)));
  }
}

TEST_CASE("every changed byte of the file is refused or means the same", "[attest]") {
  const auto good = good_question();
  const auto original = meaning(good);
  auto question = good;
  std::size_t same = 0;
  for (std::size_t i = 0; i < good.manifest.size(); ++i) {
    for (const int change : {0x01, 0x20, 0x80}) {
      question.manifest = good.manifest;
      question.manifest[i] = static_cast<char>(question.manifest[i] ^ change);
      if (!accepted(question)) continue;
      ++same;
      REQUIRE(meaning(question) == original);
    }
  }
  CHECK(same < 100);  // White space between tokens only.
}

TEST_CASE("a payload of another type is refused though it is signed", "[attest]") {
  auto envelope = good_envelope();
  envelope.payload_type = "application/json";
  envelope.signatures = {signature_by("ed25519", envelope)};
  CHECK(first_failure(question_on(envelope, public_pem(key("ed25519")))).starts_with("statement:"));
}

TEST_CASE("a manifest by another key is refused", "[attest]") {
  CHECK(first_failure(question_on(good_envelope(), public_pem(key("p256"))))
            .starts_with("signature: no signature is by one of the given keys"));
  auto nameless = good_envelope();
  nameless.signatures[0].key_id.clear();
  CHECK(first_failure(question_on(nameless, public_pem(key("p256")))).starts_with("signature:"));
  CHECK(accepted(question_on(nameless, public_pem(key("p256")) + public_pem(key("ed25519")))));
}

TEST_CASE("a signature that borrows the id of a given key is refused", "[attest]") {
  auto envelope = good_envelope({"author"});
  envelope.signatures[0].key_id = key_id(key("leaf")).value();
  CHECK_FALSE(accepted(question_on(envelope, public_pem(key("leaf")))));
}

TEST_CASE("of two signatures each that names a given key must be good, and a stranger's changes nothing",
          "[attest]") {
  const auto both = public_pem(key("ed25519")) + public_pem(key("p256"));
  auto envelope = good_envelope({"ed25519", "p256"});
  CHECK(verify_manifest(question_on(envelope, both)).signed_by.size() == 2);
  CHECK(accepted(question_on(envelope, both)));
  CHECK(accepted(question_on(envelope, public_pem(key("p256")))));
  envelope.signatures[1].bytes = envelope.signatures[0].bytes;
  CHECK_FALSE(accepted(question_on(envelope, both)));
  CHECK(verify_manifest(question_on(envelope, public_pem(key("ed25519")))).signed_by.size() == 1);
}

TEST_CASE("a key of an unknown kind is no signer, and is named with the reason", "[attest]") {
  const auto signers = signers_of({public_pem(key("p521")), "no PEM", certificate_pem("p521")});
  CHECK(signers.all.empty());
  REQUIRE(signers.ignored.size() == 3);
  CHECK(signers.ignored[0].contains("P-256 or P-384"));
}

TEST_CASE("an expired manifest is refused from the very second", "[attest]") {
  auto question = good_question();
  question.at = at("2026-12-31T23:59:59Z");
  CHECK(accepted(question));
  question.at = at("2027-01-01T00:00:00Z");
  CHECK(first_failure(question).starts_with("expiry: it expired at 2027-01-01"));
}

TEST_CASE("a certificate's key signs while the certificate is valid", "[attest]") {
  const auto envelope = good_envelope({"p256"});
  CHECK(accepted(question_on(envelope, certificate_pem("p256"))));
  CHECK(first_failure(question_on(envelope, certificate_pem("p256", "20260531235959Z")))
            .starts_with("signer-validity:"));
  // The same key given bare does not make the expired certificate good.
  CHECK_FALSE(
      accepted(question_on(envelope, public_pem(key("p256")) + certificate_pem("p256", "20260531235959Z"))));
}

TEST_CASE("a revoked key or manifest is refused", "[attest]") {
  auto question = good_question();
  const auto with = [&](const std::string& list) {
    question.revoked = parse_revocations(list, "list").value();
    return first_failure(question);
  };
  CHECK(with("").empty());
  CHECK(with("# none\n\n" + std::string(64, 'a') + "  # somebody else\n").empty());
  CHECK(with(key_id(key("ed25519")).value() + "\n").starts_with("revocation: the key"));
  CHECK(with(to_hex(*sha256(bytes_of_text(good_envelope().payload)))) ==
        "revocation: this manifest is revoked");
}

TEST_CASE("a list of revocations with anything else in it is refused", "[attest]") {
  CHECK_FALSE(parse_revocations("abc\n", "list"));
  CHECK_FALSE(parse_revocations(std::string(64, 'a') + " " + std::string(64, 'b'), "list"));
  CHECK_FALSE(parse_revocations(std::string(96, 'a'), "list"));
  CHECK(parse_revocations(std::string(63, 'a') + "g", "l.txt").error().message.starts_with("l.txt:1:"));
}

TEST_CASE("a guest is what its manifest says, or each difference is named", "[attest]") {
  auto question = good_question();
  question.measured = good_events();
  CHECK(first_failure(question).empty());
  auto& events = *question.measured;
  const auto index_of = [&](std::string_view name) {
    return std::ranges::find(events, name, &measure::Event::name) - events.begin();
  };
  SECTION("another file") {
    events[0].fields[0].value[0] = events[0].fields[0].value[0] == 'a' ? 'b' : 'a';
    CHECK(first_failure(question).starts_with("file-kernel: it is sha256 "));
    CHECK(verify_manifest(question).checks.passed(CheckKind::evidence));
  }
  SECTION("another SHA-384 alone") {
    events[0].fields[1].value[0] = events[0].fields[1].value[0] == 'a' ? 'b' : 'a';
    CHECK(first_failure(question).starts_with("file-kernel:"));
  }
  SECTION("a file that is missing") {
    events.erase(events.begin() + index_of("initrd"));
    CHECK(first_failure(question).starts_with("complete: the guest has no initrd"));
  }
  SECTION("a disk that is missing") {
    events.erase(events.begin() + index_of("disk:root"));
    CHECK(first_failure(question).starts_with("complete: the guest has no disk:root"));
  }
  SECTION("a file more") {
    events.push_back(events[0]);
    events.back().name = "disk:more";
    CHECK(first_failure(question) == "file-disk:more: the manifest does not name it");
  }
  SECTION("a disk that has become writable") {
    events[static_cast<std::size_t>(index_of("disk:data"))].fields = {{"unmeasured", "writable"}};
    CHECK(first_failure(question).starts_with("file-disk:data: it is writable here"));
  }
  SECTION("a disk that has become read-only") {
    events[static_cast<std::size_t>(index_of("disk:root"))].fields = events[0].fields;
    CHECK(first_failure(question).starts_with("file-disk:root:"));
  }
}

TEST_CASE("what could not be looked at is listed as not evaluated", "[attest]") {
  auto question = good_question();
  question.manifest = "{}";
  question.measured = good_events();
  question.revoked.emplace();
  const auto checks = verify_manifest(question).checks.all();
  CHECK(checks.size() == 6 + 12 + 1);
  CHECK(std::ranges::count(checks, CheckResult::not_evaluated, &Check::result) == 18);
}
