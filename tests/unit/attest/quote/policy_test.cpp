#include "attest/quote/policy.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace immure::attest;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string digest(64, 'a');

std::string errors(const std::string& text) {
  const auto policy = quote::parse_policy(text, "web.policy");
  return policy ? "accepted" : policy.error().message;
}

const std::string trust = "attestation_keys = [\"" + digest + "\"]\n";
const std::string rule = "[events]\nkernel = [\"" + digest + "\"]\n";

}  // namespace

TEST_CASE("every key of a policy arrives in its field", "[attest]") {
  const auto policy =
      quote::parse_policy(trust + "issuers = [\"" + std::string(64, 'b') + "\"]\nguest = \"web\"\n" + rule +
                              "\"disk:root\" = [\"fs-verity-sha256:" + digest + "\", \"unmeasured\"]\n" +
                              "[identity]\nname = [\"web\", \"web2\"]\n[pcrs]\n7 = [\"" + digest + "\"]\n",
                          "web.policy");
  INFO((policy ? "" : policy.error().message));
  REQUIRE(policy);
  CHECK(policy->attestation_keys == quote::Policy::Allowed{digest});
  CHECK(policy->issuers.size() == 1);
  CHECK(policy->guest == "web");
  CHECK(policy->events.at("kernel") == quote::Policy::Allowed{digest});
  CHECK(policy->events.at("disk:root").size() == 2);
  CHECK(policy->identity.at("name").size() == 2);
  CHECK(policy->pcrs.at(7).size() == 1);
}

TEST_CASE("a policy without a rule, or that trusts nobody, is refused", "[attest]") {
  CHECK_THAT(errors(""), ContainsSubstring("nobody's word counts"));
  CHECK_THAT(errors(rule), ContainsSubstring("nobody's word counts"));
  CHECK_THAT(errors(trust), ContainsSubstring("a policy without a rule would pass everything"));
  CHECK_THAT(errors(trust + "[events]\n"), ContainsSubstring("without a rule"));
  CHECK_THAT(errors(trust + "[events]\nkernel = []\n"), ContainsSubstring("an empty array is no rule"));
  CHECK_THAT(errors("attestation_keys = []\n" + rule), ContainsSubstring("an empty array is no rule"));
}

TEST_CASE("what a policy cannot mean is refused with its place", "[attest]") {
  CHECK_THAT(errors("attestation_keys = [\"abc\"]\n" + rule), ContainsSubstring("web.policy:1:"));
  CHECK_THAT(errors(trust + "[events]\nkernel = [\"" + std::string(64, 'A') + "\"]\n"),
             ContainsSubstring("is not one"));
  CHECK_THAT(errors(trust + "[events]\nkernel = [\"fs-verity-sha1:aa\"]\n"), ContainsSubstring("is not one"));
  CHECK_THAT(errors(trust + "[events]\nkernel = \"" + digest + "\"\n"), ContainsSubstring("events.kernel"));
  CHECK_THAT(errors(trust + rule + "[pcrs]\n24 = [\"" + digest + "\"]\n"), ContainsSubstring("24"));
  CHECK_THAT(errors(trust + rule + "[event]\nkernel = [\"" + digest + "\"]\n"), ContainsSubstring("event"));
  CHECK_THAT(errors(trust + "nonce = \"aa\"\n" + rule), ContainsSubstring("nonce"));
  CHECK(errors(trust + rule) == "accepted");
}
