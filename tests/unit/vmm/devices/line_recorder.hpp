#pragma once

#include "vmm/devices/interrupt_line.hpp"

namespace immure::vmm::test {

/// A wire that remembers its level.
class LineRecorder : public InterruptLine {
 public:
  void set(LineLevel next) override {
    if (next == LineLevel::high && level == LineLevel::low) ++rises;
    level = next;
  }
  LineLevel level = LineLevel::low;
  int rises = 0;
};

}  // namespace immure::vmm::test
