#include "selinux/channel_labels.hpp"

#include <utility>

#include <selinux/selinux.h>

#include "selinux/contexts.hpp"
#include "selinux/file_label.hpp"

namespace immure::selinux {

Result<SocketLabel> SocketLabel::set(const std::string& context) {
  if (::setsockcreatecon_raw(context.c_str()) != 0) return system_error("label new sockets " + context);
  return SocketLabel();
}

SocketLabel::SocketLabel(SocketLabel&& other) noexcept : active_(std::exchange(other.active_, false)) {}

SocketLabel::~SocketLabel() {
  if (active_) ::setsockcreatecon_raw(nullptr);
}

Result<void> label_pipe(int fd, const std::string& context) { return set_label(fd, context); }

Result<void> label_sockets_for(const std::string& guest_label) {
  if (::is_selinux_enabled() != 1) return {};
  char* own = nullptr;
  if (::getcon_raw(&own) != 0) return system_error("ask for the own label");
  const auto context = with_level_of(own, guest_label);
  ::freecon(own);
  if (::setsockcreatecon_raw(IMMURE_TRY(context).c_str()) != 0) return system_error("label new sockets");
  return {};
}

}  // namespace immure::selinux
