#include "policy/seccomp/compiler/profile.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "policy/seccomp/compiler/compile.hpp"
#include "policy/seccomp/compiler/emit.hpp"
#include "tests/unit/policy/seccomp/calls.hpp"

using namespace immure::policy::seccomp;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string refusal(const std::string& text) {
  const auto profile = parse_profile(text, "dir/demo.policy");
  REQUIRE_FALSE(profile);
  return profile.error().message;
}

}  // namespace

TEST_CASE("a profile's line carries a call, conditions, an answer and a reason", "[seccomp]") {
  const auto profile = parse_profile(
      "# What it is for.\n\nread  # because\n"
      "ioctl: arg1 in {KVM_RUN, 0x10|2} and arg0 == 3  # vCPU\nclone3 -> ENOSYS  # no\n",
      "dir/demo.policy");
  REQUIRE(profile);
  CHECK(profile->name == "demo");
  CHECK(profile->purpose == "What it is for.\n");
  REQUIRE(profile->rules.size() == 3);
  CHECK(profile->rules[0].reason == "because");
  CHECK(profile->rules[1].conditions[0].values == std::vector<std::uint64_t>{0xae80, 0x12});
  CHECK(profile->rules[1].line == 4);
  CHECK(profile->rules[2].answer == 38);
}

TEST_CASE("a profile's mistake is named with its file and line", "[seccomp]") {
  CHECK_THAT(refusal("# x\nread\n"), ContainsSubstring("dir/demo.policy:2: a reason is required"));
  CHECK_THAT(refusal("# x\nraed  # y\n"), ContainsSubstring("no system call \"raed\""));
  CHECK_THAT(refusal("# x\nioctl: arg1 == KVM_RUNN  # y\n"),
             ContainsSubstring("unknown constant \"KVM_RUNN\""));
  CHECK_THAT(refusal("# x\nioctl: arg6 == 1  # y\n"), ContainsSubstring("arg0 to arg5"));
  CHECK_THAT(refusal("# x\nioctl: arg1 = 1  # y\n"), ContainsSubstring("neither == nor in"));
  CHECK_THAT(refusal("# x\nioctl: arg1 in {1, 1}  # y\n"), ContainsSubstring("twice"));
  CHECK_THAT(refusal("# x\nioctl: arg1 == 1 and arg1 == 2  # y\n"), ContainsSubstring("two conditions"));
  CHECK_THAT(refusal("# x\nmmap: arg2 & 4 == 1  # y\n"), ContainsSubstring("outside the mask"));
  CHECK_THAT(refusal("# x\nread  # y\nread  # y\n"), ContainsSubstring("line 2 already"));
  CHECK_THAT(refusal("# x\nioctl: arg1 == 1  # y\nioctl  # y\n"), ContainsSubstring("without a condition"));
  CHECK_THAT(refusal("# x\nclone3 -> 0  # y\n"), ContainsSubstring("errno"));
  CHECK_THAT(refusal("read  # y\n"), ContainsSubstring("start with a comment"));
  CHECK_THAT(refusal("# x\n"), ContainsSubstring("no rule"));
}

TEST_CASE("the build notices a filter that does not say what the text says", "[seccomp]") {
  const auto profile = parse_profile("# x\nread  # y\nmmap: arg2 & PROT_EXEC == 0  # y\n", "demo");
  REQUIRE(profile);
  auto program = compile_profile(*profile);
  REQUIRE(program);
  CHECK(verify(*profile, *program));

  SECTION("a filter that allows more") {
    const auto more = parse_profile("# x\nread  # y\nmmap  # y\n", "demo");
    CHECK_FALSE(verify(*profile, *compile_profile(*more)));
  }
  SECTION("a filter that allows less") {
    const auto less = parse_profile("# x\nread  # y\n", "demo");
    CHECK_FALSE(verify(*profile, *compile_profile(*less)));
  }
  SECTION("a filter that forgot x32") {
    const std::vector<sock_filter> open_to_all{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    CHECK_FALSE(verify(*profile, open_to_all));
  }
}

TEST_CASE("the first comment is the profile's purpose, a later one heads the rules below it", "[seccomp]") {
  const auto profile =
      parse_profile("# One.\n# Two.\n\n# Memory\nbrk  # a\nmunmap  # b\n\n# End\nexit  # c\n", "demo");
  REQUIRE(profile);
  CHECK(profile->purpose == "One.\nTwo.\n");
  CHECK(profile->rules[0].section == "Memory\n");
  CHECK(profile->rules[1].section.empty());
  CHECK(profile->rules[2].section == "End\n");
}

TEST_CASE("the page shows each call, its condition and its reason", "[seccomp]") {
  CompiledProfile compiled{.text = *parse_profile("# Why.\nmmap: arg2 & 1|4 == 0  # heap\n", "demo"),
                           .program = {}};
  CHECK_THAT(emit_markdown(std::span(&compiled, 1)),
             ContainsSubstring("| `mmap` | `arg2 & 1\\|4 == 0` | allowed | heap |"));
}
