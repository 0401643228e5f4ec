#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace immure::policy {

constexpr std::uint32_t max_host_cpus = 1024;  ///< also the most memory nodes (CONFIG_NODES_SHIFT is 10)

/// CPUs or memory nodes of the host, by number. Empty: not said, so all of them.
struct HostSet {
  std::array<std::uint64_t, max_host_cpus / 64> bits{};

  [[nodiscard]] bool empty() const { return *this == HostSet{}; }
  [[nodiscard]] bool contains(std::uint32_t number) const {
    return number < max_host_cpus && (bits[number / 64] >> (number % 64) & 1) != 0;
  }
  void add(std::uint32_t number) { bits.at(number / 64) |= std::uint64_t{1} << (number % 64); }
  [[nodiscard]] bool is_within(const HostSet& other) const;

  friend bool operator==(const HostSet&, const HostSet&) = default;
};

/// "0-3,8": the kernel's list format, as it prints it (cpuset.cpus, Cpus_allowed_list).
std::string list_text(const HostSet& set);

/// The same, read: numbers and ranges with commas between them, in any order. Nothing where it is anything
/// else, is empty, or has a number above 1023.
std::optional<HostSet> parse_list(std::string_view text);

}  // namespace immure::policy
