#include "selinux/contexts.hpp"

namespace immure::selinux {

Result<CategoryPair> CategoryPair::at(std::uint32_t index) {
  if (index >= category_pair_count)
    return invalid("there is no category pair number " + std::to_string(index));
  // Pairs with the higher category h are the numbers from h(h-1)/2 up.
  std::uint32_t higher = 1;
  while ((higher + 1) * higher / 2 <= index) ++higher;
  return CategoryPair(index - higher * (higher - 1) / 2, higher);
}

std::string CategoryPair::text() const {
  return "c" + std::to_string(lower_) + ",c" + std::to_string(higher_);
}

GuestLabels labels_of(const CategoryPair& pair) {
  const auto level = ":s0:" + pair.text();
  return {.vmm = "system_u:system_r:immure_vmm_t" + level,
          .monitor = "system_u:system_r:immure_monitor_t" + level,
          .net = "system_u:system_r:immure_net_t" + level,
          .passt = "system_u:system_r:immure_passt_t" + level,
          .pipe = "system_u:object_r:immure_pipe_t" + level,
          .image = "system_u:object_r:immure_image_t" + level};
}

std::string_view type_of(std::string_view context) {
  // user:role:type:level, and a level may have colons of its own.
  for (int fields = 0; fields < 2; ++fields) {
    const auto colon = context.find(':');
    if (colon == std::string_view::npos) return {};
    context.remove_prefix(colon + 1);
  }
  const auto end = context.find(':');
  return end == std::string_view::npos ? std::string_view() : context.substr(0, end);
}

}  // namespace immure::selinux
