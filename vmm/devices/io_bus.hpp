#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "vmm/devices/io_handler.hpp"

namespace immure::vmm {

/// One address space (ports or memory) and who answers where. Built before the machine runs, never changed
/// after: lookups need no lock. Reads of nothing give ones, writes to nothing are dropped, and so is an
/// access that crosses the end of a range.
class IoBus {
 public:
  /// `handler` must outlive the bus; an Error where the range is empty, wraps, or overlaps another.
  Result<void> add(std::uint64_t start, std::uint64_t size, IoHandler& handler);

  void read(std::uint64_t address, std::span<std::byte> data) const;
  void write(std::uint64_t address, std::span<const std::byte> data) const;

 private:
  struct Range {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    IoHandler* handler = nullptr;
  };
  [[nodiscard]] const Range* find(std::uint64_t address, std::uint64_t length) const;

  std::vector<Range> ranges_;  ///< by start
};

}  // namespace immure::vmm
