#include "launcher/steps/arrange_fds.hpp"

namespace immure::launcher {

Result<void> ArrangeFds::apply(Kernel& kernel) const {
  // A source may carry the number of another one's target, so all of them step aside first.
  std::vector<int> aside;
  for (const auto& fd : fds) aside.push_back(IMMURE_TRY(kernel.duplicate_above(fd.source, first_free)));
  IMMURE_TRY(kernel.close_all_on_exec());
  for (std::size_t i = 0; i < fds.size(); ++i) {
    IMMURE_TRY(kernel.duplicate_to(aside[i], fds[i].target));
  }
  return {};
}

std::string ArrangeFds::describe() const {
  std::string numbers;
  for (const auto& fd : fds) numbers += " " + std::to_string(fd.target);
  return "keep the fds" + numbers + " and no others";
}

}  // namespace immure::launcher
