#include "launcher/spawn.hpp"

#include <array>

#include "base/io.hpp"
#include "launcher/errand.hpp"

namespace immure::launcher {
namespace {

Result<void> confine_and_execute(Kernel& kernel, const SpawnSpec& spec) {
  IMMURE_TRY(kernel.reset_signals());
  for (const auto& step : make_confinement(spec)) {
    IMMURE_TRY(std::visit([&](const auto& each) { return each.apply(kernel); }, step));
  }
  std::vector<std::string> arguments{spec.name};
  arguments.insert(arguments.end(), spec.arguments.begin(), spec.arguments.end());
  return kernel.execute(spec.program_fd, std::move(arguments));
}

}  // namespace

std::vector<ConfinementStep> make_confinement(const SpawnSpec& spec) {
  std::vector<ConfinementStep> steps{ArrangeFds{spec.fds}, OwnCores{spec.core_scheduling},
                                     LimitResources{.file_bytes = spec.file_bytes,
                                                    .realtime_priority = spec.realtime_priority,
                                                    .open_files = spec.open_files,
                                                    .locked_bytes = spec.locked_bytes}};
  // While /proc is there.
  if (!spec.label.empty()) steps.emplace_back(ExecContext{spec.label});
  if (spec.surroundings == Surroundings::nothing) {
    steps.emplace_back(NewRoot{spec.mount_point});
  } else {
    steps.emplace_back(OwnMounts{});
  }
  steps.emplace_back(DropPrivileges{spec.uid});
  steps.emplace_back(Sandbox{spec.landlock_version, spec.program_fd, spec.filter});
  return steps;
}

Result<Process> spawn(Kernel& kernel, const SpawnSpec& spec) {
  auto failure = IMMURE_TRY(kernel.make_pipe());
  // Both stay open until exec, so they must not have the number of an fd that the program is born with.
  SpawnSpec moved = spec;
  const UniqueFd program(IMMURE_TRY(kernel.duplicate_above(spec.program_fd, ArrangeFds::first_free)));
  UniqueFd report(IMMURE_TRY(kernel.duplicate_above(failure.second.get(), ArrangeFds::first_free)));
  moved.program_fd = program.get();

  const auto own =
      spec.surroundings == Surroundings::nothing ? NewRoot::namespace_flags : OwnMounts::namespace_flags;
  auto process = IMMURE_TRY(kernel.clone(own, spec.cgroup_fd));
  if (process.pid == 0) {
    const auto executed = confine_and_execute(kernel, moved);
    static_cast<void>(write_all(report.get(), std::as_bytes(std::span(executed.error().message))));
    kernel.exit_child(127);
  }
  failure.second.reset();
  report.reset();
  // All that the new process wrote before exec closed its end of the pipe: nothing, or what failed.
  std::array<char, 1024> text{};
  const auto length =
      IMMURE_TRY(receive_all(kernel, failure.first.get(), std::as_writable_bytes(std::span(text))));
  if (length == 0) return process;
  static_cast<void>(kernel.wait(process));
  return invalid("start " + spec.name + ": " + std::string(text.data(), length));
}

}  // namespace immure::launcher
