#pragma once

#include <optional>

#include <termios.h>

namespace immure::cli {

/// The settings of a terminal that hands every key to the guest: no echo, no line editing, no signals from
/// keys; output goes through unchanged, since the guest sends its own carriage returns.
termios raw_settings(termios normal);

/// Puts a terminal into raw mode and back; does nothing to what is not a terminal.
class RawTerminal {
 public:
  explicit RawTerminal(int fd);
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() { restore(); }

  void restore();
  [[nodiscard]] bool is_terminal() const { return is_terminal_; }

 private:
  int fd_;
  bool is_terminal_ = false;
  std::optional<termios> normal_;
};

}  // namespace immure::cli
