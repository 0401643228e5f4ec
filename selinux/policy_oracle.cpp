#include "selinux/policy_oracle.hpp"

#include <fcntl.h>
#include <selinux/selinux.h>

#include "base/io.hpp"
#include "base/unique_fd.hpp"

namespace immure::selinux {

bool KernelPolicyOracle::is_enabled() { return ::is_selinux_enabled() == 1; }

Result<bool> KernelPolicyOracle::is_enforcing() {
  const int mode = ::security_getenforce();
  if (mode < 0) return system_error("ask whether SELinux is enforcing");
  return mode == 1;
}

Result<bool> KernelPolicyOracle::has_capability(const std::string& name) {
  const auto path = "/sys/fs/selinux/policy_capabilities/" + name;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return false;
  if (!file) return system_error("open " + path);
  const std::string value = IMMURE_TRY(read_text(file.get(), 16, path));
  return value.starts_with('1');
}

bool KernelPolicyOracle::is_valid(const std::string& context) {
  return ::security_check_context_raw(context.c_str()) == 0;
}

Result<Verdict> KernelPolicyOracle::decide(const AccessQuestion& question) {
  const auto object_class = ::string_to_security_class(question.object_class.c_str());
  const auto permission =
      object_class == 0 ? 0 : ::string_to_av_perm(object_class, question.permission.c_str());
  if (permission == 0) {
    return invalid("the loaded policy does not know " + question.object_class + " " + question.permission);
  }
  av_decision decision{};
  if (::security_compute_av_flags_raw(question.source.c_str(), question.target.c_str(), object_class,
                                      permission, &decision) != 0) {
    return system_error("ask the policy about " + question.source + " and " + question.target);
  }
  if ((decision.allowed & permission) == permission) return Verdict::allowed;
  return (decision.flags & SELINUX_AVD_FLAGS_PERMISSIVE) != 0 ? Verdict::permissive : Verdict::denied;
}

Result<std::string> KernelPolicyOracle::own_context() {
  char* context = nullptr;
  if (::getcon_raw(&context) != 0) return system_error("ask for the own label");
  std::string own(context);
  ::freecon(context);
  return own;
}

}  // namespace immure::selinux
