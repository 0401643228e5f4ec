// `immure sign` and `immure verify-manifest` themselves, with openssl as a second judge.
#include <filesystem>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "attest/manifest/dsse.hpp"
#include "tests/unit/attest/manifest/manifests.hpp"
#include "tests/unit/attest/program/guest.hpp"

using namespace immure::attest;
using namespace immure::attest::test;

namespace {

/// A guest, a private key that only its owner can read, and its public key.
struct Owner {
  explicit Owner(const std::string& name) {
    std::filesystem::copy_file(IMMURE_ATTEST_KEYS "/" + name + ".pem", secret);
    ::chmod(secret.c_str(), 0600);
    public_key = guest.scratch.write("owner.pub", public_pem(key(name)));
  }
  [[nodiscard]] Outcome sign(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"sign", guest.spec, "--key", secret, "-o", manifest};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(guest.with(all));
  }
  [[nodiscard]] Outcome verify(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"verify-manifest", manifest, "--keys", public_key};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(guest.with(all));
  }

  GuestOnDisk guest;
  std::string secret = guest.scratch.path("owner.key");
  std::string manifest = guest.scratch.path("web.manifest");
  std::string public_key;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("the program signs with every kind of key what it then verifies, files included", "[attest]") {
  for (const auto* const name : {"ed25519", "p256", "leaf", "small"}) {
    CAPTURE(name);
    const Owner owner(name);
    const auto signing = owner.sign({"--expires", "2100-01-01"});
    INFO(signing.err);
    REQUIRE(signing.status == 0);
    CHECK(signing.out.contains(key_id(key(name)).value()));
    const auto outcome = owner.verify({"--spec", owner.guest.spec});
    INFO(outcome.out << outcome.err);
    CHECK(outcome.status == 0);
    CHECK(outcome.out.ends_with("verified: 18 of 18 checks passed\n"));
  }
}

TEST_CASE("openssl verifies our signatures over the encoding, byte for byte", "[attest]") {
  for (const std::string name : {"ed25519", "p256", "leaf", "small"}) {
    CAPTURE(name);
    const Owner owner(name);
    REQUIRE(owner.sign().status == 0);
    const auto envelope = manifest::parse_envelope(read_file(owner.manifest)).value();
    const auto encoding = manifest::pre_authentication_encoding(envelope.payload_type, envelope.payload);
    const auto signature = owner.guest.scratch.write("sig", envelope.signatures[0].bytes);
    const auto message = owner.guest.scratch.write("pae", Bytes(encoding));
    std::vector<std::string> judge{"openssl", "dgst",           name == "leaf" ? "-sha384" : "-sha256",
                                   "-verify", owner.public_key, "-signature",
                                   signature};
    if (name == "ed25519") {
      judge = {"openssl", "pkeyutl",        "-verify",  "-rawin",  "-pubin",
               "-inkey",  owner.public_key, "-sigfile", signature, "-in"};
    }
    if (name == "small") {
      for (const auto* const option : {"rsa_padding_mode:pss", "rsa_pss_saltlen:32", "rsa_mgf1_md:sha256"}) {
        judge.insert(judge.end(), {"-sigopt", option});
      }
    }
    judge.push_back(message);
    CHECK(run_command(judge).status == 0);
    (void)owner.guest.scratch.write("pae", "something else");
    CHECK(run_command(judge).status != 0);
  }
}

TEST_CASE("a changed file of the guest is named, with an exit code of its own", "[attest]") {
  const Owner owner("ed25519");
  REQUIRE(owner.sign().status == 0);
  (void)owner.guest.scratch.write("initrd", "The initrd");
  const auto outcome = owner.verify({"--spec", owner.guest.spec, "--json"});
  CHECK(outcome.status == 15);
  const auto json = nlohmann::json::parse(outcome.out);
  for (const auto& check : json["checks"]) {
    CHECK((check["result"] == "fail") == (check["name"] == "file-initrd"));
  }
  CHECK(json["manifest"]["signed_by"][0] == key_id(key("ed25519")).value());
  CHECK(owner.verify().status == 0);
}

TEST_CASE("a private key that others can read is refused, unless that is meant", "[attest]") {
  const Owner owner("ed25519");
  for (const mode_t mode : {0640U, 0604U, 0620U}) {
    ::chmod(owner.secret.c_str(), mode);
    const auto outcome = owner.sign();
    CHECK(outcome.status == 3);
    CHECK(outcome.err.contains("--allow-shared-key"));
  }
  CHECK_FALSE(std::filesystem::exists(owner.manifest));
  CHECK(owner.sign({"--allow-shared-key"}).status == 0);
}

TEST_CASE("signing fails with the exit code of what is wrong, and leaves an older manifest alone",
          "[attest]") {
  const Owner owner("ed25519");
  (void)owner.guest.scratch.write("web.manifest", "older");
  SECTION("no key") {
    (void)owner.guest.scratch.write("owner.key", "no key");
    CHECK(owner.sign().status == 3);
  }
  SECTION("a key of an unknown kind") {
    (void)owner.guest.scratch.write("owner.key", read_file(IMMURE_ATTEST_KEYS "/p521.pem"));
    const auto outcome = owner.sign();
    CHECK(outcome.status == 3);
    CHECK(outcome.err.contains("P-256 or P-384"));
  }
  SECTION("an encrypted key") {
    const std::string plain = IMMURE_ATTEST_KEYS "/ed25519.pem";
    REQUIRE(
        run_command({"openssl", "pkey", "-in", plain, "-aes256", "-passout", "pass:x", "-out", owner.secret})
            .status == 0);
    const auto outcome = owner.sign();
    CHECK(outcome.status == 3);
    CHECK(outcome.err.contains("encrypted"));
  }
  SECTION("an end that is past") { CHECK(owner.sign({"--expires", "2020-01-01"}).status == 2); }
  SECTION("a missing file") {
    std::filesystem::remove(owner.guest.scratch.path("vmlinuz"));
    CHECK(owner.sign().status == 6);
  }
  CHECK(read_file(owner.manifest) == "older");
}

TEST_CASE("verifying a manifest fails with the exit code of what is wrong", "[attest]") {
  const Owner owner("ed25519");
  REQUIRE(owner.sign({"--expires", "2100-01-01"}).status == 0);
  const auto& scratch = owner.guest.scratch;
  SECTION("another key") {
    (void)scratch.write("owner.pub", public_pem(key("p256")));
    CHECK(owner.verify().status == 14);
  }
  SECTION("a directory of keys") {
    (void)scratch.write("keys/a.pem", public_pem(key("p256")));
    (void)scratch.write("keys/b.pem", public_pem(key("ed25519")));
    (void)scratch.write("keys/README", "whose these are");
    CHECK(run_program({"verify-manifest", owner.manifest, "--keys", scratch.path("keys")}).status == 0);
  }
  SECTION("no key at all") {
    (void)scratch.write("owner.pub", "none");
    CHECK(owner.verify().status == 3);
  }
  SECTION("expired") { CHECK(owner.verify({"--at-time", "2100-01-01"}).status == 14); }
  SECTION("revoked") {
    const auto list = scratch.write("revoked", key_id(key("ed25519")).value() + "\n");
    CHECK(owner.verify({"--revoked", list}).status == 14);
  }
  SECTION("a malformed list of revocations") {
    CHECK(owner.verify({"--revoked", scratch.write("revoked", "x\n")}).status == 3);
  }
  SECTION("something else than a manifest") {
    (void)scratch.write("web.manifest", "");
    CHECK(owner.verify().status == 14);
    (void)scratch.write("web.manifest", std::string(100'000, '['));
    CHECK(owner.verify().status == 14);
  }
  SECTION("wrong command lines and files") {
    CHECK(owner.verify({"--at-time", "soon"}).status == 2);
    CHECK(run_program({"verify-manifest", owner.manifest}).status == 2);
    CHECK(run_program({"verify-manifest", "/nonexistent", "--keys", owner.public_key}).status == 1);
    CHECK(run_program({"verify-manifest", owner.manifest, "--keys", "/nonexistent"}).status == 1);
    CHECK(owner.verify({"--spec", "/nonexistent"}).status == 3);
  }
}
