#pragma once

#include <vector>

#include "selinux/leases.hpp"

namespace immure::selinux::test {

/// Gives the listed numbers, then the last one for ever.
class ScriptedNumbers : public RandomNumbers {
 public:
  explicit ScriptedNumbers(std::vector<std::uint32_t> numbers) : numbers_(std::move(numbers)) {}
  Result<std::uint32_t> below(std::uint32_t bound) override {
    const auto number = numbers_.at(std::min(next_++, numbers_.size() - 1));
    return number % bound;
  }

 private:
  std::vector<std::uint32_t> numbers_;
  std::size_t next_ = 0;
};

}  // namespace immure::selinux::test
