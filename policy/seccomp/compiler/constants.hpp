#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace immure::policy::seccomp {

/// The value of a name from the kernel's or the C library's headers, as the profiles may use it: KVM_RUN,
/// PROT_EXEC, ENOSYS, ...
std::optional<std::uint64_t> find_constant(std::string_view name);

}  // namespace immure::policy::seccomp
