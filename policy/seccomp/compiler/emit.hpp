#pragma once

#include <span>
#include <string>

#include "policy/seccomp/compiler/compile.hpp"

namespace immure::policy::seccomp {

struct CompiledProfile {
  ProfileText text;
  std::vector<sock_filter> program;
};

/// A C++ source that defines compiled_filter() (policy/seccomp/compiled_filters.hpp).
std::string emit_source(std::span<const CompiledProfile> profiles);

/// docs/seccomp.md: every profile as a table of call, condition and reason.
std::string emit_markdown(std::span<const CompiledProfile> profiles);

}  // namespace immure::policy::seccomp
