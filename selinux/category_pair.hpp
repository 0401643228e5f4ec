#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace immure::selinux {

/// An MCS category: c0 to c1023.
enum class Category : std::uint16_t {};
constexpr std::uint32_t category_count = 1024;

/// How many pairs of two different categories there are: 1024 * 1023 / 2.
constexpr std::uint32_t category_pair_count = category_count * (category_count - 1) / 2;

/// Two different categories, the lower first: what tells one guest from another. Exactly two, because a set
/// of one is dominated by every pair that contains it, and its owner's files would be open to them
/// (CVE-2021-3631).
class CategoryPair {
 public:
  /// In either order; an Error where they are equal or not below c1024.
  static Result<CategoryPair> from(Category a, Category b);
  /// Pair number `index`, 0 to category_pair_count - 1: (c0,c1), (c0,c2), (c1,c2), (c0,c3), ...
  static Result<CategoryPair> at(std::uint32_t index);
  /// "c12,c407", as the kernel writes it: lower first, no leading zero. Anything else is an Error.
  static Result<CategoryPair> parse(std::string_view text);

  [[nodiscard]] Category lower() const { return lower_; }
  [[nodiscard]] Category higher() const { return higher_; }
  /// The inverse of at().
  [[nodiscard]] std::uint32_t index() const;
  [[nodiscard]] std::string text() const;

  /// True where a process with this pair may use what `other` labels: as both have two elements, only where
  /// they are the same.
  [[nodiscard]] bool dominates(const CategoryPair& other) const { return *this == other; }

  friend auto operator<=>(const CategoryPair&, const CategoryPair&) = default;

 private:
  CategoryPair(Category lower, Category higher) : lower_(lower), higher_(higher) {}
  Category lower_;
  Category higher_;
};

}  // namespace immure::selinux
