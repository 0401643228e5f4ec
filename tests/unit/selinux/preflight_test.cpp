#include "selinux/preflight.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>

#include "selinux/contexts.hpp"

using namespace immure;
using namespace immure::selinux;

namespace {

/// "c1,c2" of a guest's context, nothing of any other.
std::string categories_of(const std::string& context) {
  const auto at = context.rfind(":s0:c");
  return at == std::string::npos ? "" : context.substr(at + 4);
}

/// A host on which everything is as it should be, until a test says otherwise.
class FakeOracle : public PolicyOracle {
 public:
  bool enabled = true;
  bool enforcing = true;
  bool capability = true;
  std::string unknown_type = "none";
  std::string own = launcher_context;
  std::function<Verdict(const AccessQuestion&)> decision = sound_policy;

  static Verdict sound_policy(const AccessQuestion& question) {
    if (question.permission == "execute_no_trans") return Verdict::denied;
    const auto source = categories_of(question.source);
    const auto target = categories_of(question.target);
    return !source.empty() && !target.empty() && source != target ? Verdict::denied : Verdict::allowed;
  }

  bool is_enabled() override { return enabled; }
  Result<bool> is_enforcing() override { return enforcing; }
  Result<bool> has_capability(const std::string&) override { return capability; }
  bool is_valid(const std::string& context) override { return type_of(context) != unknown_type; }
  Result<Verdict> decide(const AccessQuestion& question) override { return decision(question); }
  Result<std::string> own_context() override { return own; }
};

std::string failure(FakeOracle& oracle) {
  const auto result = check_wall(oracle);
  return result ? "" : result.error().message;
}

}  // namespace

TEST_CASE("a sound host passes", "[selinux]") {
  FakeOracle oracle;
  CHECK(check_wall(oracle));
  oracle.own = "unconfined_u:unconfined_r:immure_t:s0-s0:c0.c1023";
  CHECK(check_wall(oracle));
}

TEST_CASE("each thing that is missing is named, with the way out", "[selinux]") {
  FakeOracle oracle;
  std::string named;
  std::string way_out;
  SECTION("SELinux off") {
    oracle.enabled = false;
    named = "off";
    way_out = "selinux=1";
  }
  SECTION("permissive") {
    oracle.enforcing = false;
    named = "permissive";
    way_out = "setenforce 1";
  }
  SECTION("an old base policy") {
    oracle.capability = false;
    named = "nnp_nosuid_transition";
    way_out = "newer base policy";
  }
  SECTION("no module") {
    oracle.unknown_type = "immure_vmm_t";
    named = "immure_vmm_t";
    way_out = "policy module";
  }
  SECTION("the launcher was started in another domain") {
    oracle.own = "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023";
    named = "unconfined_t";
    way_out = "restorecon";
  }
  SECTION("no transition under no_new_privs") {
    oracle.decision = [](const AccessQuestion& question) {
      return question.permission == "nnp_transition" ? Verdict::denied : FakeOracle::sound_policy(question);
    };
    named = "nnp_transition";
    way_out = "policy module";
  }
  SECTION("categories that do not bind") {
    oracle.decision = [](const AccessQuestion& question) {
      return question.object_class == "file" && question.permission == "read"
                 ? Verdict::allowed
                 : FakeOracle::sound_policy(question);
    };
    named = "kept apart";
    way_out = "policy module";
  }
  SECTION("a permissive domain") {
    oracle.decision = [](const AccessQuestion& question) {
      const auto verdict = FakeOracle::sound_policy(question);
      return verdict == Verdict::denied && type_of(question.source) == "immure_vmm_t" ? Verdict::permissive
                                                                                      : verdict;
    };
    named = "permissive domain";
    way_out = "semanage permissive -d immure_vmm_t";
  }
  const auto message = failure(oracle);
  CHECK(message.contains(named));
  CHECK(message.contains(way_out));
}
