#include "attest/program/progress.hpp"

#include <span>
#include <string>

#include <unistd.h>

#include "base/io.hpp"

namespace immure::attest {
namespace {

/// About a tenth of a second of hashing.
constexpr std::uint64_t short_work = 32 << 20;
constexpr std::chrono::milliseconds interval{100};

void draw(const std::string& text) { (void)write_all(STDERR_FILENO, std::as_bytes(std::span(text))); }

}  // namespace

ProgressBar ProgressBar::on_terminal(std::uint64_t total_bytes) {
  ProgressBar bar;
  if (total_bytes >= short_work && ::isatty(STDERR_FILENO) == 1) bar.total_ = total_bytes;
  return bar;
}

void ProgressBar::advance(std::uint64_t bytes) {
  if (total_ == 0) return;
  done_ += bytes;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + interval;
  line_ = Line::drawn;
  draw("\rmeasuring: " + std::to_string(done_ / (total_ / 100)) + " % of " + std::to_string(total_ >> 20) +
       " MiB");
}

void ProgressBar::finish() {
  if (line_ == Line::drawn) draw("\r\033[K");
  line_ = Line::none;
}

}  // namespace immure::attest
