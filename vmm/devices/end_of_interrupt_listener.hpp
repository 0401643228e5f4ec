#pragma once

#include <cstdint>

namespace immure::vmm {

/// Who is told that a level-triggered interrupt was handled (KVM_EXIT_IOAPIC_EOI). The real one is the
/// Ioapic.
class EndOfInterruptListener {
 public:
  virtual ~EndOfInterruptListener() = default;
  /// `vector` is guest-controlled.
  virtual void end_of_interrupt(std::uint8_t vector) = 0;
};

}  // namespace immure::vmm
