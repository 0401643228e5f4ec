#pragma once

#include <concepts>
#include <optional>
#include <utility>

namespace immure {

/// a + b, or nothing where it would not fit. For every sum that guest, file or peer bytes take part in.
template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, T b) {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

/// a * b, or nothing where it would not fit.
template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_multiply(T a, T b) {
  T product{};
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// The same number in another type, or nothing where it would not fit.
template <std::integral To, std::integral From>
[[nodiscard]] constexpr std::optional<To> checked_cast(From value) {
  if (!std::in_range<To>(value)) return std::nullopt;
  return static_cast<To>(value);
}

/// True where [start, start + length) lies inside [0, limit), without overflow.
template <std::unsigned_integral T>
[[nodiscard]] constexpr bool range_fits(T start, T length, T limit) {
  return start <= limit && length <= limit - start;
}

}  // namespace immure
