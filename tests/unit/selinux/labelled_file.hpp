#pragma once

#include <string>

#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/unique_fd.hpp"

namespace immure::selinux::test {

constexpr const char* old_label = "system_u:object_r:user_home_t:s0";
constexpr const char* new_label = "system_u:object_r:immure_image_t:s0:c1,c2";

inline bool put_label(const std::string& path, const std::string& label) {
  return ::setxattr(path.c_str(), "security.selinux", label.c_str(), label.size() + 1, 0) == 0;
}

/// Empty where there is none.
inline std::string get_label(const std::string& path) {
  char label[256] = {};
  return ::getxattr(path.c_str(), "security.selinux", label, sizeof(label) - 1) < 0 ? "" : label;
}

/// An open file at `path`; labelled where `label` is not empty.
inline UniqueFd make_file(const std::string& path, const std::string& label) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!label.empty() && !put_label(path, label)) fd.reset();
  return fd;
}

}  // namespace immure::selinux::test
