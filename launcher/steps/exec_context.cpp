#include "launcher/steps/exec_context.hpp"

namespace immure::launcher {

Result<void> ExecContext::apply(Kernel& kernel) const {
  IMMURE_TRY(kernel.set_exec_context(label));
  const auto set = IMMURE_TRY(kernel.exec_context());
  if (set != label) return invalid("the kernel took \"" + set + "\" for the label \"" + label + "\"");
  return {};
}

std::string ExecContext::describe() const { return "take the label " + label + " at exec"; }

}  // namespace immure::launcher
