#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace immure::cli {

enum class MetricKind { counter, gauge };

/// Metrics in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4).
/// All samples of a metric stand together, so they are given metric by metric.
class Exposition {
 public:
  struct Label {
    std::string_view name;
    std::string_view value;
  };

  /// Begins a metric; the samples that follow are its own. One without samples is left out. A counter's name
  /// ends in "_total".
  void begin(std::string_view name, MetricKind kind, std::string_view help);
  void add(const std::vector<Label>& labels, std::uint64_t value);
  /// A value of microseconds, in seconds.
  void add_usec(const std::vector<Label>& labels, std::uint64_t usec);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void add_text(const std::vector<Label>& labels, std::string_view value);

  std::string name_;
  std::string heading_;  // of the metric that has no sample yet
  std::string text_;
};

}  // namespace immure::cli
