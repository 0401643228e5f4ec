#include <fcntl.h>
#include <selinux/selinux.h>

#include "base/files.hpp"
#include "base/io.hpp"
#include "selinux/preflight.hpp"

namespace immure::selinux {

bool PolicyOracle::is_enabled() { return ::is_selinux_enabled() == 1; }

Result<bool> PolicyOracle::is_enforcing() {
  const int mode = ::security_getenforce();
  IMMURE_TRY(checked(mode, "ask whether SELinux is enforcing"));
  return mode == 1;
}

Result<bool> PolicyOracle::has_capability(const std::string& name) {
  const auto path = "/sys/fs/selinux/policy_capabilities/" + name;
  const auto file = open_file(path, O_RDONLY, Links::refused);
  if (!file && file.error().error_number == ENOENT) return false;
  if (!file) return std::unexpected(file.error());
  const std::string value = IMMURE_TRY(read_text(file->get(), 16, path));
  return value.starts_with('1');
}

bool PolicyOracle::is_valid(const std::string& context) {
  return ::security_check_context_raw(context.c_str()) == 0;
}

Result<Verdict> PolicyOracle::decide(const AccessQuestion& question) {
  const auto object_class = ::string_to_security_class(question.object_class.c_str());
  const auto permission =
      object_class == 0 ? 0 : ::string_to_av_perm(object_class, question.permission.c_str());
  if (permission == 0) {
    return invalid("the loaded policy does not know " + question.object_class + " " + question.permission);
  }
  av_decision decision{};
  IMMURE_TRY(checked(::security_compute_av_flags_raw(question.source.c_str(), question.target.c_str(),
                                                     object_class, permission, &decision),
                     "ask the policy about " + question.source + " and " + question.target));
  if ((decision.allowed & permission) == permission) return Verdict::allowed;
  return (decision.flags & SELINUX_AVD_FLAGS_PERMISSIVE) != 0 ? Verdict::permissive : Verdict::denied;
}

Result<std::string> PolicyOracle::own_context() {
  char* context = nullptr;
  IMMURE_TRY(checked(::getcon_raw(&context), "ask for the own label"));
  std::string own(context);
  ::freecon(context);
  return own;
}

}  // namespace immure::selinux
