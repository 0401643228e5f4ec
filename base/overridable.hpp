#pragma once

namespace immure {

/// Base of a class that asks the kernel, and whose every method a test may override: used by reference, never
/// copied.
class Overridable {
 public:
  Overridable() = default;
  Overridable(const Overridable&) = delete;
  Overridable& operator=(const Overridable&) = delete;
  virtual ~Overridable() = default;
};

}  // namespace immure
