// A key is shown to be in a genuine TPM: swtpm with a certificate of its maker, and tpm2-tools as a second
// judge.
#include <filesystem>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "attest/quote/tpm_key.hpp"
#include "tests/unit/attest/fixtures/software_tpm.hpp"

using namespace immure::attest;
using namespace immure::attest::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A TPM's maker: certifies the endorsement keys of new TPMs (swtpm_localca).
struct Maker {
  Scratch scratch;
  std::string roots = scratch.path("makers");

  /// Makes the state of a new TPM.
  void manufacture(const std::string& state) const {
    const auto ca = scratch.path("ca");
    std::filesystem::create_directories(ca);
    const auto local = scratch.write(
        "localca.conf", "statedir = " + ca + "\nsigningkey = " + ca + "/signkey.pem\nissuercert = " + ca +
                            "/issuercert.pem\ncertserial = " + ca + "/certserial\n");
    const auto options = scratch.write(
        "localca.options", "--platform-manufacturer T\n--platform-version 1\n--platform-model T\n");
    const auto setup = scratch.write(
        "setup.conf", "create_certs_tool= /usr/bin/swtpm_localca\ncreate_certs_tool_config = " + local +
                          "\ncreate_certs_tool_options = " + options + "\n");
    const auto made = run_command(
        {"swtpm_setup", "--tpm2", "--tpmstate", state, "--create-ek-cert", "--config", setup, "--overwrite"});
    INFO(made.out << made.err);
    REQUIRE(made.status == 0);
    std::filesystem::create_directories(roots);
    for (const auto* name : {"issuercert.pem", "swtpm-localca-rootca-cert.pem"}) {
      std::filesystem::copy_file(ca + "/" + name, roots + "/" + name,
                                 std::filesystem::copy_options::overwrite_existing);
    }
  }
};

/// A host with such a TPM, and a key in it.
struct Host {
  SoftwareTpm tpm;
  std::string key = tpm.scratch.path("ak");
  std::string expected = tpm.scratch.path("expected");
  std::string credential = tpm.scratch.path("credential");
  std::string answer = tpm.scratch.path("answer");

  explicit Host(const Maker& maker) {
    tpm.manufacture([&](const std::string& state) { maker.manufacture(state); });
    const auto made = run_program({"tpm", "key", key, "--tcti", tpm.tcti});
    INFO(made.err);
    REQUIRE(made.status == 0);
    REQUIRE(std::filesystem::file_size(key + "/ek.crt") > 0);
  }
  [[nodiscard]] Outcome challenge(const std::string& roots, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{"tpm",
                                 "challenge",
                                 "--key",
                                 key + "/ak.pub",
                                 "--ek-certificate",
                                 key + "/ek.crt",
                                 "--roots",
                                 roots,
                                 "--secret",
                                 expected,
                                 "-o",
                                 credential};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(all);
  }
  [[nodiscard]] Outcome activate(const std::string& with, const std::string& key_directory) const {
    return run_program({"tpm", "activate", with, "--key", key_directory, "-o", answer, "--tcti", tpm.tcti});
  }
};

}  // namespace

TEST_CASE("only the TPM that a certificate is of, with the key in it, can answer a challenge",
          "[attest][tpm]") {
  const Maker maker;
  const Host host(maker);
  const auto challenged = host.challenge(maker.roots);
  INFO(challenged.err);
  REQUIRE(challenged.status == 0);

  SECTION("it can") {
    const auto activated = host.activate(host.credential, host.key);
    INFO(activated.err);
    REQUIRE(activated.status == 0);
    CHECK(read_file(host.answer) == read_file(host.expected));
    CHECK(read_file(host.answer).size() == 32);
  }
  SECTION("with another key in it it cannot") {
    const auto other = host.tpm.scratch.path("other");
    REQUIRE(run_program({"tpm", "key", other, "--tcti", host.tpm.tcti}).status == 0);
    CHECK(host.activate(host.credential, other).status == 14);
  }
  SECTION("another TPM cannot") {
    const Host stranger(maker);
    CHECK(stranger.activate(host.credential, stranger.key).status == 14);
  }
  SECTION("a changed credential is refused") {
    auto bytes = read_file(host.credential);
    bytes[50] = static_cast<char>(bytes[50] ^ 1);
    CHECK(host.activate(host.tpm.scratch.write("bad", bytes), host.key).status == 14);
    CHECK(host.activate(host.tpm.scratch.write("short", bytes.substr(0, 20)), host.key).status == 14);
  }
  SECTION("a credential of tpm2_makecredential is answered too") {
    const auto name =
        quote::parse_attestation_key(bytes_of_text(read_file(host.key + "/ak.pub"))).value().name;
    const auto& scratch = host.tpm.scratch;
    REQUIRE(run_command({"openssl", "x509", "-in", host.key + "/ek.crt", "-inform", "der", "-noout",
                         "-pubkey", "-out", scratch.path("ek.pem")})
                .status == 0);
    const auto secret = scratch.write("secret", "sixteen bytes...");
    const auto foreign = scratch.path("foreign");
    const auto made = run_command({"tpm2_makecredential", "-T", "none", "-u", scratch.path("ek.pem"), "-G",
                                   "rsa", "-s", secret, "-n", to_hex(name), "-o", foreign});
    INFO(made.out << made.err);
    REQUIRE(made.status == 0);
    REQUIRE(host.activate(foreign, host.key).status == 0);
    CHECK(read_file(host.answer) == "sixteen bytes...");
  }
}

TEST_CASE("a TPM whose maker is unknown, or whose certificate is not good, is not challenged",
          "[attest][tpm]") {
  const Maker maker;
  const Host host(maker);
  const auto& scratch = host.tpm.scratch;
  SECTION("another maker") {
    const Maker another;
    const Host theirs(another);
    CHECK(host.challenge(another.roots).status == 14);
  }
  SECTION("the root is missing") {
    std::filesystem::remove(maker.roots + "/swtpm-localca-rootca-cert.pem");
    CHECK(host.challenge(maker.roots).status == 14);
  }
  SECTION("before the certificates were valid") {
    const auto outcome = host.challenge(maker.roots, {"--at-time", "2001-01-01"});
    CHECK(outcome.status == 14);
    CHECK_THAT(outcome.err, ContainsSubstring("not valid before"));
  }
  SECTION("a changed byte in the certificate") {
    auto bytes = read_file(host.key + "/ek.crt");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    (void)scratch.write("ak/ek.crt", bytes);
    CHECK(host.challenge(maker.roots).status == 14);
  }
  SECTION("a key that is not bound to its TPM") {
    auto bytes = read_file(host.key + "/ak.pub");
    bytes[9] = static_cast<char>(bytes[9] & ~2);  // fixedTPM
    (void)scratch.write("ak/ak.pub", bytes);
    CHECK(host.challenge(maker.roots).status == 14);
  }
  CHECK(std::filesystem::file_size(host.expected) == 0);
}
