#include "base/io.hpp"

#include <array>

#include <unistd.h>

namespace immure {
namespace {

/// One read(2) or pread(2), repeated after EINTR.
template <typename Call>
ssize_t retry(Call call) {
  ssize_t n = 0;
  do {
    n = call();
  } while (n < 0 && errno == EINTR);
  return n;
}

}  // namespace

Result<void> read_exactly(int fd, std::span<std::byte> buffer) {
  while (!buffer.empty()) {
    const auto n = retry([&] { return ::read(fd, buffer.data(), buffer.size()); });
    if (n < 0) return system_error("read");
    if (n == 0) return invalid("read: the data ends " + std::to_string(buffer.size()) + " bytes early");
    buffer = buffer.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> pread_exactly(int fd, std::span<std::byte> buffer, std::uint64_t offset) {
  while (!buffer.empty()) {
    const auto n =
        retry([&] { return ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset)); });
    if (n < 0) return system_error("pread");
    if (n == 0) return invalid("pread: the data ends " + std::to_string(buffer.size()) + " bytes early");
    buffer = buffer.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<void> write_all(int fd, std::span<const std::byte> buffer) {
  while (!buffer.empty()) {
    const auto n = retry([&] { return ::write(fd, buffer.data(), buffer.size()); });
    if (n < 0) return system_error("write");
    buffer = buffer.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::string> read_text(int fd, std::size_t limit, std::string_view what) {
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto n = retry([&] { return ::read(fd, chunk.data(), chunk.size()); });
    if (n < 0) return system_error("read " + std::string(what));
    if (n == 0) return text;
    if (text.size() + static_cast<std::size_t>(n) > limit) {
      return invalid(std::string(what) + " is longer than the " + std::to_string(limit) + " bytes allowed");
    }
    text.append(chunk.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace immure
