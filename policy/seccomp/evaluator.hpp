#pragma once

#include <cstdint>
#include <span>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/result.hpp"

namespace immure::policy::seccomp {

/// A classic-BPF program over seccomp_data (seccomp(2), linux/filter.h).
using Filter = std::span<const sock_filter>;

/// An Error unless the kernel would take the program: 1 to 4096 instructions, known opcodes only, loads
/// inside seccomp_data and aligned, jumps forward and inside, a return at the end. The rules of
/// bpf_check_classic() (net/core/filter.c) and seccomp_check_filter() (kernel/seccomp.c), less the scratch
/// memory, which no filter of ours uses.
Result<void> check(Filter filter);

/// What the filter answers for one system call: SECCOMP_RET_*. Jumps go forward only, so it ends after at
/// most filter.size() instructions. A program that check() refuses gives an Error.
Result<std::uint32_t> evaluate(Filter filter, const seccomp_data& call);

}  // namespace immure::policy::seccomp
