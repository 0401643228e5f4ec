#include <catch2/catch_test_macros.hpp>

#include "attest/snp/report_policy.hpp"

using namespace immure::attest;
using namespace immure::attest::snp;

namespace {

std::string refusal(std::string_view text) {
  const auto policy = parse_report_policy(text, "p.toml");
  REQUIRE_FALSE(policy);
  return policy.error().message;
}

std::string digits(std::size_t bytes) { return std::string(2 * bytes, 'a'); }

}  // namespace

TEST_CASE("every key of a report policy is read", "[attest]") {
  const auto text = "measurement = [\"" + digits(48) + "\", \"" + digits(48) + "\"]\nhost_data = [\"" +
                    digits(32) + "\"]\nreport_data = [\"" + digits(64) + "\"]\nchip_id = [\"" + digits(64) +
                    "\"]\nid_key_digest = [\"" + digits(48) + "\"]\nauthor_key_digest = [\"" + digits(48) +
                    "\"]\nvmpl = 1\nminimum_guest_svn = 4294967295\ndebug = \"allowed\"\n"
                    "provisional_firmware = \"allowed\"\n"
                    "[minimum_tcb]\nfmc = 1\nbootloader = 2\ntee = 3\nsnp = 4\nmicrocode = 0xd1\n"
                    "[minimum_launch_tcb]\nsnp = 9\n[platform_info]\nsmt = false\ntio = true\n";
  const auto policy = parse_report_policy(text, "p.toml");
  REQUIRE(policy);
  CHECK(policy->measurements.size() == 2);
  CHECK(policy->host_data.front() == ByteVector(32, 0xaa));
  CHECK(policy->report_data.size() == 1);
  CHECK(policy->chip_ids.size() == 1);
  CHECK(policy->id_key_digests.size() == 1);
  CHECK(policy->author_key_digests.size() == 1);
  CHECK(policy->vmpl == 1U);
  CHECK(policy->minimum_guest_svn == 4294967295U);
  CHECK(policy->debug == ReportPolicy::Debug::allowed);
  CHECK(policy->provisional_firmware == ReportPolicy::Provisional::allowed);
  CHECK(policy->minimum_tcb.size() == 5);
  CHECK(policy->minimum_tcb.at(TcbPart::microcode) == 0xd1);
  CHECK(policy->minimum_launch_tcb.at(TcbPart::snp) == 9);
  CHECK(policy->platform_info.at(PlatformBit::smt) == false);
  CHECK(policy->platform_info.at(PlatformBit::tio) == true);
}

TEST_CASE("a policy without a rule is refused", "[attest]") {
  for (const auto* const text :
       {"", "# nothing\n", "debug = \"allowed\"\n", "provisional_firmware = \"allowed\"\n", "[minimum_tcb]\n",
        "[platform_info]\n"}) {
    CAPTURE(text);
    CHECK(refusal(text).contains("without a rule"));
  }
  CHECK(parse_report_policy("debug = \"refused\"\n", "p.toml"));
}

TEST_CASE("a policy's mistakes are named with their places", "[attest]") {
  CHECK(refusal("measurement = []\n").starts_with("p.toml:1:15: measurement: an empty array is no rule"));
  CHECK(refusal("measurement = [\"00\"]\n").contains("96 hexadecimal digits"));
  CHECK(refusal("measurement = \"" + digits(48) + "\"\n").contains("an array"));
  CHECK(refusal("vmpl = 4\n").contains("0 to 3"));
  CHECK(refusal("debug = false\n").contains("\"refused\" or \"allowed\""));
  CHECK(refusal("debug = \"maybe\"\n").contains("\"maybe\" is neither"));
  CHECK(refusal("vmpl = 0\nmesurement = []\n").contains("did you mean \"measurement\""));
  CHECK(refusal("[minimum_tcb]\nsnp = 256\n").contains("0 to 255"));
  CHECK(refusal("[platform_info]\nsmt = 1\n").contains("true or false"));
  CHECK(refusal("vmpl =").contains("not valid TOML"));
}
