#include "selinux/category_pair.hpp"

#include <charconv>
#include <utility>

namespace immure::selinux {
namespace {

/// "c12" at the start of `text`, which is shortened by it; nothing where there is no canonical category.
bool take_category(std::string_view& text, std::uint16_t& number) {
  if (text.size() < 2 || text.front() != 'c') return false;
  text.remove_prefix(1);
  if (text.front() == '0' && text.size() > 1 && text[1] != ',') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number >= category_count) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

Result<CategoryPair> CategoryPair::from(Category a, Category b) {
  if (a == b)
    return invalid("a guest needs two different categories, not c" + std::to_string(std::to_underlying(a)) +
                   " twice");
  if (b < a) std::swap(a, b);
  if (std::to_underlying(b) >= category_count) {
    return invalid("category c" + std::to_string(std::to_underlying(b)) +
                   " does not exist, c1023 is the last");
  }
  return CategoryPair(a, b);
}

Result<CategoryPair> CategoryPair::at(std::uint32_t index) {
  if (index >= category_pair_count)
    return invalid("there is no category pair number " + std::to_string(index));
  // Pairs with the higher category h are the numbers from h(h-1)/2 up.
  std::uint32_t higher = 1;
  while ((higher + 1) * higher / 2 <= index) ++higher;
  const auto lower = index - higher * (higher - 1) / 2;
  return CategoryPair(Category(lower), Category(higher));
}

Result<CategoryPair> CategoryPair::parse(std::string_view text) {
  auto rest = text;
  std::uint16_t first = 0;
  std::uint16_t second = 0;
  const bool well_formed = take_category(rest, first) && !rest.empty() && rest.front() == ',' &&
                           (rest.remove_prefix(1), take_category(rest, second)) && rest.empty() &&
                           first < second;
  if (!well_formed) return invalid("\"" + std::string(text) + "\" is not a pair of categories like c12,c407");
  return CategoryPair(Category(first), Category(second));
}

std::uint32_t CategoryPair::index() const {
  const std::uint32_t higher = std::to_underlying(higher_);
  return higher * (higher - 1) / 2 + std::to_underlying(lower_);
}

std::string CategoryPair::text() const {
  return "c" + std::to_string(std::to_underlying(lower_)) + ",c" +
         std::to_string(std::to_underlying(higher_));
}

}  // namespace immure::selinux
