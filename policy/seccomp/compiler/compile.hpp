#pragma once

#include <vector>

#include "policy/seccomp/compiler/profile.hpp"
#include "policy/seccomp/evaluator.hpp"

namespace immure::policy::seccomp {

/// The profile as BPF for x86-64, by libseccomp. What has no rule, another architecture and x32 are
/// SECCOMP_RET_KILL_PROCESS.
Result<std::vector<sock_filter>> compile_profile(const ProfileText& profile);

/// What the profile's text says of one call, read without libseccomp: SECCOMP_RET_*.
std::uint32_t expected_action(const ProfileText& profile, const seccomp_data& call);

/// Compares the BPF with the text: every system call number from 0 to 1023, every argument at, beside and
/// with one bit flipped from each value that a condition names, x32, i386, and number -1.
Result<void> verify(const ProfileText& profile, Filter filter);

}  // namespace immure::policy::seccomp
