#pragma once

#include <cstdint>
#include <span>

#include <sys/uio.h>

#include "base/result.hpp"

namespace immure::vmm::virtio {

/// What carries a network device's frames on the host's side. Every frame has a NetHeader in front, both
/// ways.
class NetBackend {
 public:
  enum class Sent { whole, blocked };

  virtual ~NetBackend() = default;

  /// Becomes readable when a frame came and writable when there is room for one again; non-blocking.
  [[nodiscard]] virtual int fd() const = 0;
  /// Which features of the device it can serve (net_layout.hpp).
  [[nodiscard]] virtual std::uint64_t features() const = 0;
  /// What the driver takes of them: no frame comes that needs another one.
  virtual Result<void> use_features(std::uint64_t features) = 0;
  /// blocked: nothing was sent; try again once fd() is writable. An Error: this frame is lost, the next one
  /// may not be.
  virtual Result<Sent> send(std::span<const iovec> frame) = 0;
  /// One frame; its length, or 0 where none is there. A frame that is longer than the buffer is lost.
  virtual Result<std::size_t> receive(std::span<std::byte> into) = 0;
  /// Sends what is left of a frame that counts as sent; asked at each event. blocked: some of it still waits.
  virtual Result<Sent> flush() { return Sent::whole; }
  /// An fd that is readable once nothing goes any more, for good, or -1: the link is down then.
  [[nodiscard]] virtual int end_event() const { return -1; }
};

}  // namespace immure::vmm::virtio
