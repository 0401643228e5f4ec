#include "vmm/devices/console_output.hpp"

#include <cerrno>

#include <unistd.h>

namespace immure::vmm {

void ConsoleOutput::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto sent = ::write(fd_, bytes.data(), bytes.size());
    if (sent < 0) {
      if (errno == EINTR) continue;
      dropped_ += bytes.size();
      return;
    }
    sent_ += static_cast<std::uint64_t>(sent);
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

}  // namespace immure::vmm
