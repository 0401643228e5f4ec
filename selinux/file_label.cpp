#include "selinux/file_label.hpp"

#include <array>

#include <fcntl.h>
#include <linux/openat2.h>
#include <selinux/selinux.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace immure::selinux {
namespace {

constexpr const char* attribute = "security.selinux";

/// fgetxattr(2) refuses O_PATH descriptors; the magic link leads to the very same file.
std::string magic_link(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

}  // namespace

Result<std::string> label_of(int fd) {
  char* context = nullptr;
  // The raw form: without the translations of setrans.conf(5).
  if (::getfilecon_raw(magic_link(fd).c_str(), &context) < 0) {
    if (errno == ENODATA || errno == ENOTSUP) return std::string();
    return system_error("read the label");
  }
  std::string label(context);
  ::freecon(context);
  return label;
}

Result<void> set_label(int fd, const std::string& context) {
  const auto link = magic_link(fd);
  if (context.empty()) {
    // The kernel refuses to take a label away where SELinux is on; there every file has one.
    if (::removexattr(link.c_str(), attribute) != 0 && errno != ENODATA)
      return system_error("remove the label");
    return {};
  }
  if (::setfilecon_raw(link.c_str(), context.c_str()) != 0) return system_error("set the label " + context);
  const auto now = IMMURE_TRY(label_of(fd));
  if (now != context) return invalid("the kernel made \"" + now + "\" of the label " + context);
  return {};
}

Result<UniqueFd> open_without_links(const std::string& path) {
  const open_how how{
      .flags = O_PATH | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how))));
  if (!fd) return system_error("open " + path + " without following links");
  return fd;
}

}  // namespace immure::selinux
