#pragma once

namespace immure::vmm {

enum class LineLevel { low, high };

/// One wire from a device to an interrupt controller. Safe from several threads.
class InterruptLine {
 public:
  virtual ~InterruptLine() = default;
  virtual void set(LineLevel level) = 0;
};

}  // namespace immure::vmm
