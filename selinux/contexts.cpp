#include "selinux/contexts.hpp"

namespace immure::selinux {
namespace {

/// Where the level begins: behind the third colon.
std::size_t level_start(std::string_view context) {
  std::size_t at = 0;
  for (int colons = 0; colons < 3; ++colons) {
    at = context.find(':', at);
    if (at == std::string_view::npos) return at;
    ++at;
  }
  return at;
}

std::string labelled(const char* user_role_type, const CategoryPair& pair) {
  return std::string(user_role_type) + ":s0:" + pair.text();
}

}  // namespace

std::string vmm_context(const CategoryPair& pair) { return labelled("system_u:system_r:immure_vmm_t", pair); }
std::string monitor_context(const CategoryPair& pair) {
  return labelled("system_u:system_r:immure_monitor_t", pair);
}
std::string image_context(const CategoryPair& pair) {
  return labelled("system_u:object_r:immure_image_t", pair);
}
std::string pipe_context(const CategoryPair& pair) {
  return labelled("system_u:object_r:immure_pipe_t", pair);
}

std::string_view type_of(std::string_view context) {
  const auto end = level_start(context);
  if (end == std::string_view::npos) return {};
  const auto upto_type = context.substr(0, end - 1);
  return upto_type.substr(upto_type.rfind(':') + 1);
}

Result<CategoryPair> categories_of(std::string_view context) {
  const auto start = level_start(context);
  constexpr std::string_view sensitivity = "s0:";
  if (start == std::string_view::npos || !context.substr(start).starts_with(sensitivity)) {
    return invalid("\"" + std::string(context) + "\" has no categories");
  }
  return CategoryPair::parse(context.substr(start + sensitivity.size()));
}

Result<std::string> with_level_of(std::string_view own, std::string_view guest) {
  const auto pair = IMMURE_TRY(categories_of(guest));
  const auto start = level_start(own);
  if (start == std::string_view::npos)
    return invalid("\"" + std::string(own) + "\" is not a context with a level");
  return std::string(own.substr(0, start)) + "s0:" + pair.text();
}

}  // namespace immure::selinux
