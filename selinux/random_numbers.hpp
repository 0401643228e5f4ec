#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace immure::selinux {

/// Where numbers that nobody can foresee come from. A test gives its own.
class RandomNumbers {
 public:
  RandomNumbers() = default;
  RandomNumbers(const RandomNumbers&) = delete;
  RandomNumbers& operator=(const RandomNumbers&) = delete;
  virtual ~RandomNumbers() = default;

  /// 0 to bound - 1, each equally likely. `bound` is not 0.
  virtual Result<std::uint32_t> below(std::uint32_t bound) = 0;
};

/// getrandom(2).
class KernelRandomNumbers : public RandomNumbers {
 public:
  Result<std::uint32_t> below(std::uint32_t bound) override;
};

}  // namespace immure::selinux
