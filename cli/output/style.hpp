#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace immure::cli {

/// Colour, or none: only on a terminal, and not where NO_COLOR is set (no-color.org) or TERM is "dumb".
class Style {
 public:
  enum class Colour { never, always };

  explicit Style(Colour colour) : colour_(colour) {}
  static Style of(FILE* stream);

  [[nodiscard]] std::string good(std::string_view text) const { return paint("32", text); }
  [[nodiscard]] std::string warn(std::string_view text) const { return paint("33", text); }
  [[nodiscard]] std::string bad(std::string_view text) const { return paint("31", text); }
  [[nodiscard]] std::string bold(std::string_view text) const { return paint("1", text); }
  [[nodiscard]] std::string dim(std::string_view text) const { return paint("2", text); }

 private:
  [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const;
  Colour colour_;
};

}  // namespace immure::cli
