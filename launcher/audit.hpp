#pragma once

#include "launcher/launch.hpp"

namespace immure::launcher {

// Records of the guest in the host's audit log, in the form and order that auditors' tools expect: auvirt(8),
// ausearch(8). Text is what the VMM may be blamed for later, so each is written before the thing it tells of.

/// VIRT_MACHINE_ID and VIRT_RESOURCE: who the guest is and what it is given.
Result<void> audit_guest(Launch& launch);
/// VIRT_CONTROL op=start.
Result<void> audit_start(Launch& launch);
/// VIRT_CONTROL op=stop; `reason` is one word.
Result<void> audit_stop(Launch& launch, std::string_view reason);

}  // namespace immure::launcher
