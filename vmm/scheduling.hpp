#pragma once

#include "policy/vmm_record.hpp"

namespace immure::vmm {

/// On a vCPU's thread, before its filter: goes to the CPU of the host that is its own, and takes its
/// real-time priority, where it has one. The launcher reads both back.
Result<void> take_place(const policy::VmmRecord& record, std::uint32_t vcpu);

}  // namespace immure::vmm
