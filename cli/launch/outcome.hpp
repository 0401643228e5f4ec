#pragma once

#include <string>
#include <vector>

#include "cli/failure.hpp"

namespace immure::cli {

/// How a run went, for `--json`.
struct Outcome {
  std::string name;
  std::string event;  ///< "started", "ended", "detached", "planned" or "failed"
  ExitCode code = ExitCode::success;
  int vmm_pid = 0;
  std::string message{};
  std::vector<std::string> steps{};  ///< of a dry run
  std::vector<std::string> log{};    ///< the VMM's last lines, of a guest that did not end well
};

/// One JSON object; members that say nothing are left out.
std::string outcome_json(const Outcome& outcome);

}  // namespace immure::cli
