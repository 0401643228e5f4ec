#pragma once

#include <concepts>

#include "tests/hostile_guest/machine.hpp"

/// What the kernel says, by the serial port.
namespace hostile {

/// Text of bounded length; what does not fit is left out.
class Line {
 public:
  void add(const char* text) {
    while (*text != '\0' && size_ < sizeof(text_) - 1) text_[size_++] = *text++;
    text_[size_] = '\0';
  }
  void add(std::unsigned_integral auto number) {
    char digits[24];
    unsigned count = 0;
    for (u64 rest = number; rest != 0 || count == 0; rest /= 16)
      digits[count++] = "0123456789abcdef"[rest % 16];
    add(number < 10 ? "" : "0x");
    while (count != 0 && size_ < sizeof(text_) - 1) text_[size_++] = digits[--count];
    text_[size_] = '\0';
  }
  void clear() { text_[size_ = 0] = '\0'; }
  [[nodiscard]] bool is_empty() const { return size_ == 0; }
  [[nodiscard]] const char* text() const { return text_; }
  void send() const;

 private:
  char text_[160]{};
  unsigned size_ = 0;
};

template <typename... Parts>
void say(const Parts&... parts) {
  Line line;
  (line.add(parts), ...);
  line.send();
}

/// As a guest switches itself off.
[[noreturn]] void power_off();

}  // namespace hostile
