#include "cli/launch/outcome.hpp"

#include <nlohmann/json.hpp>

namespace immure::cli {

std::string outcome_json(const Outcome& outcome) {
  nlohmann::ordered_json out{{"name", outcome.name},
                             {"outcome", outcome.event},
                             {"exit_code", static_cast<int>(outcome.code)},
                             {"exit_code_name", exit_code_name(outcome.code)}};
  if (outcome.vmm_pid != 0) out["vmm_pid"] = outcome.vmm_pid;
  if (!outcome.message.empty()) out["message"] = outcome.message;
  if (!outcome.log.empty()) out["vmm_log"] = outcome.log;
  if (outcome.event == "planned") out["steps"] = outcome.steps;
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace immure::cli
