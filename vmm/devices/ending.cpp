#include "vmm/devices/ending.hpp"

#include <utility>

#include <sys/eventfd.h>

namespace immure::vmm {
namespace {

policy::EndCause cause_of(policy::VmmExit status) {
  if (status == policy::VmmExit::powered_off) return policy::EndCause::powered_off;
  return status == policy::VmmExit::guest_reset ? policy::EndCause::reset : policy::EndCause::failure;
}

}  // namespace

Result<Ending> Ending::create() {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return system_error("eventfd");
  return Ending(std::move(event));
}

void Ending::request(policy::VmmExit status, std::string reason, std::optional<policy::EndCause> cause) {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(is_requested_, true)) return;
  request_ =
      Request{.status = status, .reason = std::move(reason), .cause = cause.value_or(cause_of(status))};
  (void)::eventfd_write(event_.get(), 1);
}

std::optional<Ending::Request> Ending::requested() {
  const std::scoped_lock lock(mutex_);
  return is_requested_ ? std::optional(request_) : std::nullopt;
}

}  // namespace immure::vmm
