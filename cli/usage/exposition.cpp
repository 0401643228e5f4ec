#include "cli/usage/exposition.hpp"

#include <fmt/core.h>

namespace immure::cli {
namespace {

std::string escaped(std::string_view text, std::string_view also) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || also.contains(c)) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void Exposition::begin(std::string_view name, MetricKind kind, std::string_view help) {
  name_ = name;
  heading_ = fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, ""), name,
                         kind == MetricKind::counter ? "counter" : "gauge");
}

void Exposition::add(const std::vector<Label>& labels, std::uint64_t value) {
  add_text(labels, std::to_string(value));
}

void Exposition::add_usec(const std::vector<Label>& labels, std::uint64_t usec) {
  add_text(labels, fmt::format("{}.{:06}", usec / 1'000'000, usec % 1'000'000));
}

void Exposition::add_text(const std::vector<Label>& labels, std::string_view value) {
  text_ += heading_;
  heading_.clear();
  text_ += name_;
  char separator = '{';
  for (const auto& label : labels) {
    text_ += fmt::format("{}{}=\"{}\"", separator, label.name, escaped(label.value, "\""));
    separator = ',';
  }
  text_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", value);
}

}  // namespace immure::cli
