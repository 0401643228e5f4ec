#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace immure::vmm {

/// Tells the keeper that everything is set up and `threads` threads stand behind their filters, and waits for
/// its word. An Error where the keeper is gone or says anything else: the guest must not run then.
Result<void> pass_gate(int gate_fd, std::uint32_t threads);

}  // namespace immure::vmm
