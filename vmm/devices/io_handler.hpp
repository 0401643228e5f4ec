#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace immure::vmm {

/// Something the guest reaches through a range of addresses or ports. Called on a vCPU's thread, several at
/// once perhaps: the handler locks. `offset` is from the start of the range and inside it, guest-controlled;
/// `data` is 1, 2, 4 or 8 bytes long. A guest's mistake never leaves the handler: reads of nothing give ones,
/// writes to nothing are dropped.
class IoHandler {
 public:
  virtual ~IoHandler() = default;
  virtual void read(std::uint64_t offset, std::span<std::byte> data) = 0;
  virtual void write(std::uint64_t offset, std::span<const std::byte> data) = 0;
};

}  // namespace immure::vmm
