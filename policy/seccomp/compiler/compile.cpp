#include "policy/seccomp/compiler/compile.hpp"

#include <memory>

#include <seccomp.h>
#include <sys/mman.h>

#include "base/sealed_memfd.hpp"

namespace immure::policy::seccomp {
namespace {

struct ReleaseContext {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, ReleaseContext>;

/// libseccomp answers with a negative errno.
Result<void> checked(int result, const std::string& what) {
  if (result < 0) return system_error("libseccomp: " + what, -result);
  return {};
}

Result<Context> make_context() {
  Context context(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!context) return invalid("libseccomp: seccomp_init failed");
  // The native architecture is added by seccomp_init; make sure that it is ours and the only one.
  if (seccomp_arch_native() != SCMP_ARCH_X86_64) return invalid("the profiles are for x86-64 only");
  IMMURE_TRY(checked(seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
                     "kill other architectures"));
  IMMURE_TRY(checked(seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2), "binary tree"));
  return context;
}

/// Adds the rule once for each combination of its conditions' values.
Result<void> add_rule(void* context, const Rule& rule) {
  const auto action = rule.answer ? SCMP_ACT_ERRNO(static_cast<std::uint32_t>(*rule.answer)) : SCMP_ACT_ALLOW;
  std::vector<std::size_t> choice(rule.conditions.size(), 0);
  for (;;) {
    std::vector<scmp_arg_cmp> comparisons;
    for (std::size_t i = 0; i < choice.size(); ++i) {
      const auto& condition = rule.conditions[i];
      const auto value = condition.values[choice[i]];
      if (condition.mask == ~std::uint64_t{0}) {
        comparisons.push_back({condition.argument, SCMP_CMP_EQ, value, 0});
      } else {
        comparisons.push_back({condition.argument, SCMP_CMP_MASKED_EQ, condition.mask, value});
      }
    }
    IMMURE_TRY(checked(
        seccomp_rule_add_exact_array(context, action, rule.number, static_cast<unsigned>(comparisons.size()),
                                     comparisons.empty() ? nullptr : comparisons.data()),
        "line " + std::to_string(rule.line) + ", " + rule.name));
    std::size_t i = 0;
    while (i < choice.size() && ++choice[i] == rule.conditions[i].values.size()) choice[i++] = 0;
    if (i == choice.size()) return {};
  }
}

Result<std::vector<sock_filter>> export_bpf(void* context) {
  const UniqueFd file(memfd_create("bpf", MFD_CLOEXEC));
  if (!file) return system_error("memfd_create");
  IMMURE_TRY(checked(seccomp_export_bpf(context, file.get()), "export"));
  const auto size = IMMURE_TRY(file_size(file.get()));
  std::vector<sock_filter> program(size / sizeof(sock_filter));
  if (program.empty() || program.size() * sizeof(sock_filter) != size) {
    return invalid("libseccomp: exported " + std::to_string(size) + " bytes");
  }
  IMMURE_TRY(pread_exactly(file.get(), std::as_writable_bytes(std::span(program)), 0));
  return program;
}

}  // namespace

Result<std::vector<sock_filter>> compile_profile(const ProfileText& profile) {
  const auto context = IMMURE_TRY(make_context());
  for (const auto& rule : profile.rules) IMMURE_TRY(add_rule(context.get(), rule));
  return export_bpf(context.get());
}

}  // namespace immure::policy::seccomp
