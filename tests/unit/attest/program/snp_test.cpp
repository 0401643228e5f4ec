// `immure snp explain` and `immure snp id-block` themselves: exit codes and output.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "tests/unit/attest/fixtures/certificates.hpp"
#include "tests/unit/attest/program/run_program.hpp"
#include "tests/unit/attest/snp/made_up_firmware.hpp"

using namespace immure::attest;
using namespace immure::attest::test;

namespace {

class Firmware {
 public:
  Firmware() : path_(scratch.write("OVMF.fd", Bytes(made_up(Kind::ovmf)))) {}

  [[nodiscard]] Outcome run(std::vector<std::string> verb, const std::string& vcpus) const {
    verb.insert(verb.begin(), "snp");
    verb.insert(verb.end(), {"--ovmf", path_, "--vcpus", vcpus, "--vcpu-type", "EPYC-Milan"});
    return run_program(verb);
  }

  Scratch scratch;

 private:
  std::string path_;
};

std::string private_key(const Scratch& scratch, const std::string& name, mode_t mode = 0600) {
  std::ifstream file(IMMURE_ATTEST_KEYS "/" + name + ".pem");
  auto path = scratch.write(name + ".key", std::string(std::istreambuf_iterator<char>(file), {}));
  ::chmod(path.c_str(), mode);
  return path;
}

}  // namespace

TEST_CASE("the program explains a launch digest in words and in JSON", "[attest]") {
  const Firmware firmware;
  auto digest = firmware.run({"digest"}, "4").out;
  digest.pop_back();
  const auto same = firmware.run({"explain", "--expected", digest}, "4");
  CHECK(same.status == 0);
  CHECK(same.out == "the digest is as expected\n");
  const auto other = firmware.run({"explain", "--expected", digest}, "2");
  CHECK(other.status == 15);
  CHECK(other.out == "vCPUs           expected: 4; given: 2\n");
  const auto json = nlohmann::json::parse(firmware.run({"explain", "--json", "--expected", digest}, "2").out);
  CHECK(json["found"] == true);
  CHECK(json["equal"] == false);
  CHECK(json["differences"][0]["input"] == "vCPUs");
}

TEST_CASE("a digest that the program cannot explain is said to be so", "[attest]") {
  const auto outcome = Firmware().run({"explain", "--expected", std::string(96, '0')}, "1");
  CHECK(outcome.status == 15);
  CHECK(outcome.out.starts_with("not found among "));
  CHECK(Firmware().run({"explain", "--expected", "00"}, "1").status == 2);
}

TEST_CASE("the program prints an id block as QEMU takes it", "[attest]") {
  const Scratch scratch;
  const auto id = private_key(scratch, "id");
  const auto author = private_key(scratch, "author");
  const auto outcome = run_program({"snp", "id-block", "--digest", std::string(96, 'a'), "--id-key", id,
                                    "--author-key", author, "--guest-svn", "7", "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  const auto json = nlohmann::json::parse(outcome.out);
  const auto block = from_base64(json["id_block"].get<std::string>()).value();
  CHECK(to_hex(block) == std::string(96, 'a') + std::string(64, '0') + "01000000070000000000030000000000");
  CHECK(from_base64(json["id_auth"].get<std::string>()).value().size() == 4096);
  CHECK(json["id_key_digest"].get<std::string>().size() == 96);
  CHECK(json["author_key_digest"] != json["id_key_digest"]);
}

TEST_CASE("an id block fails with the exit code of what is wrong", "[attest]") {
  const Scratch scratch;
  const auto run = [](const std::string& digest, const std::string& key_file) {
    return run_program({"snp", "id-block", "--digest", digest, "--id-key", key_file}).status;
  };
  CHECK(run("aa", private_key(scratch, "id")) == 2);
  CHECK(run(std::string(96, 'a'), private_key(scratch, "p256")) == 3);
  CHECK(run(std::string(96, 'a'), private_key(scratch, "id", 0644)) == 3);
  CHECK(run(std::string(96, 'a'), "/nonexistent") == 1);
}
