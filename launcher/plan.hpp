#pragma once

#include "launcher/steps/steps.hpp"

namespace immure::launcher {

/// One step of a launch: what it does, in words, what the user is told as exit code where it fails, and the
/// deed.
struct Step {
  std::string description;
  policy::ExitCode failure{};
  Result<void> (*apply)(Launch&) = nullptr;
};
using Plan = std::vector<Step>;

/// Everything that a launch does after admission, in order. Pure: the same record gives the same plan.
Plan make_plan(const policy::GuestRecord& guest);

/// A fresh VMM for the same guest, with the same identity and files: after a reboot of the guest.
Plan make_restart_plan();

/// Runs the steps in order and stops at the first that fails. launch.failure is then the exit code for the
/// user.
Result<void> execute(const Plan& plan, Launch& launch);

/// One line for each step; those of the confined process follow start_vmm, indented.
std::vector<std::string> describe(const Plan& plan, int landlock_version);

}  // namespace immure::launcher
