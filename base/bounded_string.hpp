#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "base/result.hpp"

namespace immure {

/// Text of at most `Size - 1` bytes in a fixed place: the string of every fixed-layout record.
/// Always NUL-terminated and zero to its end; a record that came from elsewhere is asked with
/// is_well_formed() before view() is used.
template <std::size_t Size>
class BoundedString {
 public:
  static constexpr std::size_t capacity = Size - 1;

  /// Copies `text`; an Error names `what` and both lengths where it is too long or holds a NUL.
  static Result<BoundedString> from(std::string_view text, std::string_view what) {
    if (text.size() > capacity) {
      return invalid(std::string(what) + " is " + std::to_string(text.size()) + " bytes long, at most " +
                     std::to_string(capacity) + " are allowed");
    }
    if (text.find('\0') != std::string_view::npos) return invalid(std::string(what) + " contains a NUL byte");
    BoundedString out;
    std::copy(text.begin(), text.end(), out.bytes_.begin());
    return out;
  }

  /// As much of `text` as fits, with control characters as blanks: a message, not a name.
  static BoundedString fitting(std::string_view text) {
    BoundedString out;
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    std::ranges::replace_copy_if(text.substr(0, capacity), out.bytes_.begin(), is_control, ' ');
    return out;
  }

  [[nodiscard]] std::string_view view() const {
    const auto end = std::find(bytes_.begin(), bytes_.end(), '\0');
    return {bytes_.data(), static_cast<std::size_t>(end - bytes_.begin())};
  }
  /// To its very end: text that is not well-formed is never taken for none.
  [[nodiscard]] bool empty() const { return *this == BoundedString{}; }

  /// Terminated, zero after the end, and free of control characters.
  [[nodiscard]] bool is_well_formed() const {
    const auto end = std::find(bytes_.begin(), bytes_.end(), '\0');
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return end != bytes_.end() && std::none_of(bytes_.begin(), end, is_control) &&
           std::all_of(end, bytes_.end(), [](char c) { return c == '\0'; });
  }

  friend bool operator==(const BoundedString&, const BoundedString&) = default;

 private:
  std::array<char, Size> bytes_{};
};

}  // namespace immure
