#pragma once

#include <string_view>

#include "base/result.hpp"

namespace immure::cli {

/// Tells the service manager that started this program how it is: "READY=1", "STATUS=..." (sd_notify(3)). No
/// error where there is none. A datagram to the socket that NOTIFY_SOCKET names.
Result<void> tell_service_manager(std::string_view state);

}  // namespace immure::cli
