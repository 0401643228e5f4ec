#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace immure::vmm::kvm {

/// A kernel structure that ends in a flexible array: `Header` with its count, then `Entry` after `Entry` in
/// one block (struct kvm_msrs, kvm_cpuid2, kvm_irq_routing of linux/kvm.h).
template <typename Header, typename Entry>
class CountedArray {
 public:
  explicit CountedArray(std::size_t count) : words_(words_for(count)), count_(count) {
    static_assert(alignof(Header) <= alignof(std::uint64_t) && sizeof(Header) % alignof(Entry) == 0);
  }

  [[nodiscard]] Header* header() { return reinterpret_cast<Header*>(words_.data()); }
  [[nodiscard]] std::span<Entry> entries() {
    auto* const first = reinterpret_cast<std::byte*>(words_.data()) + sizeof(Header);
    return {reinterpret_cast<Entry*>(first), count_};
  }

 private:
  static std::size_t words_for(std::size_t count) {
    return (sizeof(Header) + count * sizeof(Entry) + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
  }
  std::vector<std::uint64_t> words_;
  std::size_t count_;
};

}  // namespace immure::vmm::kvm
