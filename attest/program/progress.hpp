#pragma once

#include <chrono>
#include <cstdint>

namespace immure::attest {

/// "measuring: 37 % of 2048 MiB" on standard error, where that is a terminal and the work is long enough to
/// wonder. Its answer for isatty(3) is asked for when it is made, since a confined program cannot.
class ProgressBar {
 public:
  ProgressBar() = default;
  static ProgressBar on_terminal(std::uint64_t total_bytes);

  void advance(std::uint64_t bytes);
  /// Takes the line away.
  void finish();

 private:
  std::uint64_t total_ = 0;  ///< 0: nothing is shown
  std::uint64_t done_ = 0;
  std::chrono::steady_clock::time_point next_;
  enum class Line { none, drawn } line_ = Line::none;
};

}  // namespace immure::attest
