// `immure tpm ...` and `immure verify` against a real (software) TPM, with tpm2-tools and openssl as second
// judges.
#include <filesystem>
#include <optional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "attest/crypto/digest.hpp"
#include "attest/quote/bundle.hpp"
#include "tests/unit/attest/fixtures/software_tpm.hpp"
#include "tests/unit/attest/program/guest.hpp"

using namespace immure::attest;
using namespace immure::attest::test;
using Catch::Matchers::ContainsSubstring;
using Json = nlohmann::json;

namespace {

const std::string nonce = "00112233445566778899aabbccddeeff";

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A host with a TPM and an attestation key, and a guest whose launch it records.
struct Host {
  SoftwareTpm tpm;
  GuestOnDisk guest;
  std::string key = guest.scratch.path("ak");
  std::string log = guest.scratch.path("events.cel");
  std::string bundle = guest.scratch.path("web.bundle");
  std::string key_id;

  Host() {
    const auto made = tool({"key", key});
    INFO(made.err);
    REQUIRE(made.status == 0);
    key_id = made.out.substr(made.out.rfind(' ') + 1, 64);
    REQUIRE(run_program(guest.with({"measure", guest.spec, "--log", log})).status == 0);
  }
  Outcome tool(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "tpm");
    arguments.insert(arguments.end(), {"--tcti", tpm.tcti});
    return run_program(std::move(arguments));
  }
  Outcome foreign(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"-T", tpm.tcti});
    return run_command(std::move(arguments));
  }
  void record() const {
    const auto done = tool({"record", log});
    INFO(done.err);
    REQUIRE(done.status == 0);
  }
  void quote(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{"quote", "--key", key, "--nonce", nonce, "--log", log, "-o", bundle};
    all.insert(all.end(), more.begin(), more.end());
    const auto done = tool(all);
    INFO(done.err);
    REQUIRE(done.status == 0);
  }
  /// What `immure measure` says now, as reference values.
  [[nodiscard]] std::string policy() const {
    const auto measured = run_program(guest.with({"measure", guest.spec, "--json"}));
    std::string text = "attestation_keys = [\"" + key_id + "\"]\nguest = \"web\"\n[events]\n";
    const auto events = Json::parse(measured.out);
    for (const auto& event : events["events"]) {
      if (event["kind"] != "code") continue;
      const auto value = event.contains("sha256") ? event["sha256"].get<std::string>() : "unmeasured";
      text += "\"" + event["name"].get<std::string>() + "\" = [\"" + value + "\"]\n";
    }
    return guest.scratch.write("web.policy", text);
  }
  [[nodiscard]] Outcome verify(const std::vector<std::string>& more = {},
                               const std::string& with = nonce) const {
    std::vector<std::string> all{"verify", bundle, "--policy", policy(), "--nonce", with};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(all);
  }
};

}  // namespace

TEST_CASE("a launch that was recorded is proved by a quote", "[attest][tpm]") {
  const Host host;
  host.record();
  host.quote();
  const auto outcome = host.verify();
  INFO(outcome.out << outcome.err);
  CHECK(outcome.status == 0);
  CHECK_THAT(outcome.out, ContainsSubstring("verified: "));
  const auto json = Json::parse(host.verify({"--json", "--explain"}).out);
  CHECK(json["quote"]["nonce"] == nonce);
  CHECK(json["launches"].size() == 1);
  CHECK(json["launches"][0]["name"] == "web");
  CHECK(json["explanation"].empty());
  CHECK(json["checks"].size() > 10);
}

TEST_CASE("what was not recorded, recorded twice, or is another quote is refused", "[attest][tpm]") {
  Host host;
  SECTION("not recorded") {
    host.quote();
    const auto outcome = host.verify({"--explain"});
    CHECK(outcome.status == 16);
    CHECK_THAT(outcome.out, ContainsSubstring("nothing was ever extended"));
  }
  SECTION("recorded twice") {
    host.record();
    host.record();
    host.quote();
    CHECK(host.verify().status == 16);
  }
  SECTION("the machine was rebooted since") {
    host.record();
    host.tpm.reboot();
    host.quote();
    CHECK(host.verify().status == 16);
  }
  SECTION("a quote of before, for another nonce") {
    host.record();
    host.quote();
    CHECK(host.verify({}, "ffeeddccbbaa99887766554433221100").status == 14);
  }
  SECTION("another kernel") {
    host.record();
    host.quote();
    (void)host.guest.scratch.write("vmlinuz", "another one");
    const auto outcome = host.verify();
    CHECK(outcome.status == 15);
    CHECK_THAT(outcome.out, ContainsSubstring("fail           policy-event-kernel"));
  }
  SECTION("the key of another TPM") {
    const Host other;
    host.record();
    host.quote();
    host.key_id = other.key_id;
    CHECK(host.verify().status == 14);
  }
}

TEST_CASE("misuse of verify has codes of its own", "[attest][tpm]") {
  const Scratch scratch;
  const auto bundle = scratch.write("b", "{}");
  const auto policy = scratch.write("p", "attestation_keys = [\"" + std::string(64, 'a') +
                                             "\"]\n[events]\nkernel = [\"" + std::string(64, 'a') + "\"]\n");
  CHECK(run_program({"verify", bundle, "--policy", policy, "--nonce", "00"}).status == 14);
  CHECK(run_program({"verify", bundle, "--policy", policy, "--nonce", "xyz"}).status == 2);
  CHECK(run_program({"verify", bundle}).status == 2);
  CHECK(run_program({"verify", bundle, "--policy", scratch.write("empty", "")}).status == 3);
  CHECK(run_program({"verify", scratch.path("absent"), "--policy", policy}).status == 1);
}

TEST_CASE("tpm2_checkquote verifies our quotes, and tpm2_pcrread has our values", "[attest][tpm]") {
  const Host host;
  host.record();
  host.quote({"--pcrs", "0,7"});
  const auto bundle = quote::parse_bundle(read_file(host.bundle)).value();
  const auto& scratch = host.guest.scratch;
  const auto message = scratch.write("quote", Bytes(bundle.quote));
  const auto signature = scratch.write("signature", Bytes(bundle.signature));
  const auto checked = run_command({"tpm2_checkquote", "-u", host.key + "/ak.pem", "-m", message, "-s",
                                    signature, "-g", "sha256", "-q", nonce});
  INFO(checked.out << checked.err);
  CHECK(checked.status == 0);
  CHECK(run_command({"tpm2_checkquote", "-u", host.key + "/ak.pem", "-m", message, "-s", signature, "-g",
                     "sha256", "-q", "ff" + nonce.substr(2)})
            .status != 0);
  const auto values = host.foreign({"tpm2_pcrread", "sha256:0,7,13", "-o", scratch.path("values")});
  REQUIRE(values.status == 0);
  std::string ours;
  for (const auto& [pcr, value] : bundle.pcrs) ours.append(value.begin(), value.end());
  CHECK(read_file(scratch.path("values")) == ours);
}

TEST_CASE("tpm2-tools loads our key, and it is what its TPM says", "[attest][tpm]") {
  const Host host;
  const auto shown = run_command({"tpm2_print", "-t", "TPM2B_PUBLIC", host.key + "/ak.pub"});
  INFO(shown.out << shown.err);
  CHECK_THAT(shown.out,
             ContainsSubstring("fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign"));
  struct stat status{};
  REQUIRE(::stat((host.key + "/ak.priv").c_str(), &status) == 0);
  CHECK((status.st_mode & 077) == 0);
  CHECK(host.tool({"key", host.key}).status == 1);  // It is not overwritten.
}

TEST_CASE("a secret is for those launches only that its log foresees", "[attest][tpm]") {
  Host host;
  const auto& scratch = host.guest.scratch;
  const auto secret = scratch.write("secret", "the key of the disk");
  const auto sealed = scratch.path("sealed");
  const auto out = scratch.path("out");
  const auto done = host.tool({"seal", secret, "--log", host.log, "--pcrs", "7", "-o", sealed});
  INFO(done.err);
  REQUIRE(done.status == 0);
  CHECK(host.tool({"unseal", sealed, "-o", out}).status == 15);
  host.record();
  REQUIRE(host.tool({"unseal", sealed, "-o", out}).status == 0);
  CHECK(read_file(out) == "the key of the disk");
  SECTION("not after another launch") { host.record(); }
  SECTION("not after a reboot") { host.tpm.reboot(); }
  SECTION("not for another TPM") {
    const Host other;
    other.record();
    CHECK(other.tool({"unseal", sealed, "-o", out}).status == 15);
    host.tpm.reboot();
  }
  CHECK(host.tool({"unseal", sealed, "-o", scratch.path("no")}).status == 15);
  CHECK(read_file(scratch.path("no")).empty());
}

TEST_CASE("a secret that would be sealed to nothing is not sealed", "[attest][tpm]") {
  const Host host;
  const auto secret = host.guest.scratch.write("secret", "x");
  CHECK(host.tool({"seal", secret, "-o", host.guest.scratch.path("sealed")}).status == 2);
}

TEST_CASE("a TPM that is not there is told", "[attest][tpm]") {
  const Scratch scratch;
  const auto outcome =
      run_program({"tpm", "key", scratch.path("ak"), "--tcti", "device:" + scratch.path("tpm")});
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.err, ContainsSubstring("reach the TPM"));
  CHECK(run_program({"tpm", "key", scratch.path("ak2"), "--tcti", "nonsense"}).status == 1);
}
