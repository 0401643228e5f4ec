#include <algorithm>

#include <fmt/core.h>

#include "base/printable.hpp"
#include "cli/timeline/timeline.hpp"

namespace immure::cli {
namespace {

// Pixels.
constexpr double width = 960, margin = 16, row_height = 20, bar_height = 14, head_height = 52,
                 letter_width = 5.8;

constexpr const char* style =
    "text{font:11px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}"
    ".tick{fill:#656d76}.line{stroke:#d0d7de}.launch{fill:#5b8def}.boot{fill:#4caf7a}.page{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.tick{fill:#8d96a0}.line{stroke:#30363d}"
    ".page{fill:#0d1117}}";

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string text_at(double x, double y, std::string_view anchor, const std::string& text,
                    std::string_view attributes = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor,
                     attributes, escaped(text));
}

/// 1, 2 or 5 times a power of ten: so that some eight ticks are on a scale this long.
double tick_of(double total_ms) {
  double tick = 0.001;
  while (true) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (total_ms / (tick * factor) <= 8) return tick * factor;
    }
    tick *= 10;
  }
}

struct Bar {
  std::string what;
  std::uint64_t begin_usec = 0;
  std::uint64_t end_usec = 0;
};

/// Rows of bars under a title and a scale of their own.
class Panel {
 public:
  Panel(std::string title, std::string_view kind, std::vector<Bar> bars)
      : title_(std::move(title)), kind_(kind), bars_(std::move(bars)) {
    std::uint64_t last = 1;
    for (const auto& bar : bars_) last = std::max(last, bar.end_usec);
    total_ms_ = static_cast<double>(last) / 1000;
  }

  [[nodiscard]] double height() const { return head_height + row_height * static_cast<double>(bars_.size()); }

  [[nodiscard]] std::string drawn_at(double top) const {
    auto out = text_at(margin, top + 18, "start", title_, "class=\"title\"");
    const auto tick = tick_of(total_ms_);
    const auto bottom = top + height() - 4;
    for (int i = 0; i * tick <= total_ms_; ++i) {
      const auto x = x_of(i * tick * 1000);
      out +=
          fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" class=\"line\"/>\n",
                      x, top + 42, bottom);
      out += text_at(x, top + 38, i == 0 ? "start" : "middle", fmt::format("{:g} ms", i * tick),
                     "class=\"tick\"");
    }
    auto y = top + head_height;
    for (const auto& bar : bars_) {
      out += drawn(bar, y);
      y += row_height;
    }
    return out;
  }

 private:
  [[nodiscard]] double x_of(double usec) const {
    return margin + usec / 1000 / total_ms_ * (width - 2 * margin);
  }

  [[nodiscard]] std::string drawn(const Bar& bar, double y) const {
    const auto begin = x_of(static_cast<double>(bar.begin_usec));
    const auto end = std::max(x_of(static_cast<double>(bar.end_usec)), begin + 1);
    const auto text =
        fmt::format("{} ({:.1f} ms)", bar.what, static_cast<double>(bar.end_usec - bar.begin_usec) / 1000);
    const auto wanted = letter_width * static_cast<double>(text.size());
    const auto left = begin - 6 - margin;
    const auto right = width - margin - end - 6;
    const auto most = std::max({left, right, end - begin - 8});
    const auto squeezed =
        wanted <= most ? "" : fmt::format("textLength=\"{:.1f}\" lengthAdjust=\"spacingAndGlyphs\"", most);
    auto out = fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" class=\"{}\"/>\n",
                           begin, y, end - begin, bar_height, kind_);
    const auto baseline = y + 11;
    if (wanted <= right || most == right) return out + text_at(end + 6, baseline, "start", text, squeezed);
    if (wanted <= left || most == left) return out + text_at(begin - 6, baseline, "end", text, squeezed);
    return out + text_at(begin + 4, baseline, "start", text, squeezed);
  }

  std::string title_;
  std::string_view kind_;
  std::vector<Bar> bars_;
  double total_ms_ = 0;
};

}  // namespace

std::string timeline_svg(const Timeline& timeline) {
  std::vector<Bar> launch;
  for (const auto& step : timeline.launch) launch.push_back({step.what, step.begin_usec, step.end_usec});
  std::vector<Bar> boot;
  for (const auto& mark : timeline.boot) boot.push_back({mark.what, 0, mark.usec});
  const auto last = static_cast<double>(timeline.launch.back().end_usec) / 1000;
  std::vector<Panel> panels;
  panels.emplace_back(fmt::format("{}: launch, {:.1f} ms", timeline.guest, last), "launch",
                      std::move(launch));
  if (!boot.empty())
    panels.emplace_back("boot: until the guest's drivers took its devices", "boot", std::move(boot));
  double height = margin;
  std::string body;
  for (const auto& panel : panels) {
    body += panel.drawn_at(height);
    height += panel.height() + margin;
  }
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1:.0f}\" viewBox=\"0 0 {0} "
             "{1:.0f}\">\n"
             "<style>{2}</style>\n<rect width=\"100%\" height=\"100%\" class=\"page\"/>\n",
             width, height, style) +
         body + "</svg>\n";
}

}  // namespace immure::cli
