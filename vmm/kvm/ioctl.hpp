#pragma once

#include <cerrno>
#include <string_view>

#include <sys/ioctl.h>

#include "base/result.hpp"

namespace immure::vmm::kvm {

/// ioctl(2) on a KVM fd with the kernel's own words in the Error. `what` is the request's name.
template <typename Argument>
Result<int> call(int fd, unsigned long request, Argument argument, std::string_view what) {
  const int answer = ::ioctl(fd, request, argument);
  if (answer < 0) return system_error(what);
  return answer;
}

inline Result<int> call(int fd, unsigned long request, std::string_view what) {
  return call(fd, request, 0UL, what);
}

}  // namespace immure::vmm::kvm
