#include "selinux/random_numbers.hpp"

#include <sys/random.h>

namespace immure::selinux {

Result<std::uint32_t> KernelRandomNumbers::below(std::uint32_t bound) {
  // 64 bits over at most 32: the remainder prefers no number by more than 2^-32.
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof(number), 0) != sizeof(number)) return system_error("getrandom");
  return static_cast<std::uint32_t>(number % bound);
}

}  // namespace immure::selinux
