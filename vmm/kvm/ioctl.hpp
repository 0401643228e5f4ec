#pragma once

#include <cerrno>
#include <string_view>

#include <sys/ioctl.h>

#include "base/result.hpp"

namespace immure::vmm::kvm {

/// ioctl(2) on a KVM fd for its answer, with the kernel's own words in the Error. `what` is the request's
/// name.
template <typename Argument>
Result<int> query(int fd, unsigned long request, Argument argument, std::string_view what) {
  const int answer = ::ioctl(fd, request, argument);
  if (answer < 0) return system_error(what);
  return answer;
}

inline Result<int> query(int fd, unsigned long request, std::string_view what) {
  return query(fd, request, 0UL, what);
}

/// The same for a request whose answer says nothing but that it worked.
template <typename Argument>
Result<void> call(int fd, unsigned long request, Argument argument, std::string_view what) {
  if (::ioctl(fd, request, argument) < 0) return system_error(what);
  return {};
}

}  // namespace immure::vmm::kvm
