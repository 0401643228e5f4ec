#include "selinux/channel_labels.hpp"

#include <selinux/selinux.h>

#include "selinux/contexts.hpp"
#include "selinux/policy_oracle.hpp"

namespace immure::selinux {

Result<void> label_sockets_for(const std::string& guest_label) {
  KernelPolicyOracle oracle;
  if (!oracle.is_enabled()) return {};
  const auto context = IMMURE_TRY(with_level_of(IMMURE_TRY(oracle.own_context()), guest_label));
  if (::setsockcreatecon_raw(context.c_str()) != 0) return system_error("label new sockets " + context);
  return {};
}

}  // namespace immure::selinux
