#include "cli/inspect/labels.hpp"

#include <array>
#include <cerrno>

#include <sys/xattr.h>

namespace immure::cli {

Result<std::string> label_of_process_file(const ProcessDirectory& process, const std::string& path) {
  std::array<char, 512> label{};  // one byte more than is asked for: always ends with a NUL
  const auto n =
      ::getxattr(process.path_of(path).c_str(), "security.selinux", label.data(), label.size() - 1);
  if (n >= 0) return std::string(label.data());
  if (errno == ENODATA || errno == ENOTSUP) return std::string();
  return system_error("read the label of /proc/" + std::to_string(process.pid()) + "/" + path);
}

Result<std::string> label_of_process(const ProcessDirectory& process) {
  auto label = process.read("attr/current");
  // EINVAL: no security module answers (security/security.c, security_getprocattr). ENOENT: the kernel has
  // none.
  const bool has_none =
      !label && (label.error().error_number == EINVAL || label.error().error_number == ENOENT);
  return has_none ? std::string() : label;
}

}  // namespace immure::cli
