#pragma once

namespace immure::policy {

/// Exit codes of `immure` (and of `immure-launch`, which hands them up). Documented in the man page and in
/// --help; a number once given never changes its meaning.
enum class ExitCode : int {
  success = 0,             ///< done; for `run`: the guest powered itself off
  failure = 1,             ///< anything that has no number of its own
  usage = 2,               ///< the command line is wrong
  bad_specification = 3,   ///< the guest specification or the host policy is not valid
  not_admitted = 4,        ///< the host policy does not allow it
  unsafe_host = 5,         ///< SELinux, KVM or a kernel feature that the wall needs is missing
  image_refused = 6,       ///< an image is missing, malformed, in use, or not what it must be
  name_in_use = 7,         ///< a guest of this name exists already
  no_such_guest = 8,       ///< no guest of this name runs
  confinement_failed = 9,  ///< the kernel's read-back was not what was planned; the VMM was killed
  guest_crashed = 10,      ///< the guest reported a panic or triple-faulted
  vmm_died = 11,           ///< the VMM ended by a signal (a seccomp violation is SIGSYS)
  killed = 12,             ///< `immure kill` or a stop deadline ended it
  not_permitted = 13,      ///< the caller may not do this (root is needed)
  bad_signature = 14,      ///< evidence is malformed, or a signature or certificate of it is not good
  policy_refused = 15,     ///< evidence is genuine, but not what the policy asks for
  bad_log = 16,            ///< an event log is malformed, or not the one that the evidence is for
};

}  // namespace immure::policy
