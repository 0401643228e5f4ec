#include "base/printable.hpp"

namespace immure {
namespace {

enum class Keep { nothing, line_breaks };

std::string replace_controls(std::string_view text, Keep keep) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_kept = keep == Keep::line_breaks && (byte == '\n' || byte == '\t');
    const bool is_control = !is_kept && (byte < 0x20 || byte == 0x7f);
    // U+0080 to U+009F: a terminal may take U+009B for ESC [.
    const bool is_wide_control =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    out += is_control || is_wide_control ? '?' : text[i];
    if (is_wide_control) ++i;
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) { return replace_controls(text, Keep::nothing); }

std::string printable_lines(std::string_view text) { return replace_controls(text, Keep::line_breaks); }

}  // namespace immure
