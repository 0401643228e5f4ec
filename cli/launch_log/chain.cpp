#include "cli/launch_log/chain.hpp"

#include <span>

#include <fmt/core.h>

#include "cli/launch_log/append.hpp"
#include "cli/launch_log/digest.hpp"

namespace immure::cli {
namespace {

class Walk {
 public:
  Walk(ChainReport& report, std::string_view witness) : report_(report), witness_(witness) {}

  void take(const std::string& text) {
    ++report_.lines;
    const auto line = read_line(text);
    if (line) {
      check(*line);
      last_sequence_ = line->sequence;
    } else {
      // Whether it is a fault, the next line says.
      if (!broken_.empty()) fault(report_.lines - 1, broken_);
      ++last_sequence_;
    }
    broken_ = line ? "" : line.error().message;
    report_.head = sha256_text(std::as_bytes(std::span(text)));
    report_.has_witness = report_.has_witness || report_.head == witness_;
  }

  void finish() {
    if (!broken_.empty()) fault(report_.lines, broken_);
    if (!witness_.empty() && !report_.has_witness) {
      fault(report_.lines, fmt::format("no line has the digest {}: lines were removed or changed", witness_));
    }
  }

 private:
  void check(const LogLine& line) {
    if (!broken_.empty()) {
      if (line.after_cut_off) {
        report_.remarks.push_back({report_.lines - 1, "cut off: the host went down while it was written"});
      } else {
        fault(report_.lines - 1, broken_);
      }
    }
    const auto& expected = report_.lines == 1 ? no_line_before : report_.head;
    if (line.previous != expected) {
      fault(report_.lines, fmt::format("\"previous\" is {}, the line before it has {}: lines were changed, "
                                       "removed or added before it",
                                       line.previous.substr(0, 64), expected));
    }
    if (line.sequence != last_sequence_ + 1) {
      fault(report_.lines,
            fmt::format("\"sequence\" is {} where {} is due", line.sequence, last_sequence_ + 1));
    }
  }

  void fault(std::uint64_t line, std::string what) {
    if (report_.faults.size() < ChainReport::max_faults) report_.faults.push_back({line, std::move(what)});
  }

  ChainReport& report_;
  std::string_view witness_;
  std::uint64_t last_sequence_ = 0;
  std::string broken_;  ///< what is wrong with the line before, where it is no entry
};

}  // namespace

std::optional<std::string> next_line(std::istream& log) {
  std::string line;
  for (int c = log.get(); c != std::istream::traits_type::eof(); c = log.get()) {
    if (c == '\n') return line;
    if (line.size() <= max_log_line) line.push_back(static_cast<char>(c));
  }
  if (line.empty()) return std::nullopt;
  return line;
}

ChainReport verify_chain(std::istream& log, std::string_view witness) {
  ChainReport report;
  Walk walk(report, witness);
  while (const auto line = next_line(log)) walk.take(*line);
  walk.finish();
  return report;
}

}  // namespace immure::cli
