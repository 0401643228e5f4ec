#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace immure::policy {

struct GuestRecord;
struct CgroupLimit;

/// What a guest's VMM may move on the block device beneath a disk, whatever runs in the VMM's place: io.max
/// of its cgroup (Documentation/admin-guide/cgroup-v2.rst). 0: no limit. Ranges are those of RateLimit.
struct DeviceLimit {
  std::uint64_t read_bytes_per_second = 0;
  std::uint64_t write_bytes_per_second = 0;
  std::uint64_t read_operations_per_second = 0;
  std::uint64_t write_operations_per_second = 0;

  friend bool operator==(const DeviceLimit&, const DeviceLimit&) = default;
};

/// A number of a limit: its name in specifications and the kernel's, in the kernel's order.
struct DeviceLimitField {
  std::string_view name;
  std::string_view kernel_name;
  std::uint64_t DeviceLimit::* value;
  bool is_bytes = false;
};
inline constexpr std::array<DeviceLimitField, 4> device_limit_fields{{
    {"read_bytes_per_second", "rbps", &DeviceLimit::read_bytes_per_second, true},
    {"write_bytes_per_second", "wbps", &DeviceLimit::write_bytes_per_second, true},
    {"read_operations_per_second", "riops", &DeviceLimit::read_operations_per_second},
    {"write_operations_per_second", "wiops", &DeviceLimit::write_operations_per_second},
}};

/// The numbers are in range. Errors name the key below `key` ("disks[1].device_limit").
Result<void> check(const DeviceLimit& limit, std::string_view key);

/// Whether any disk of the guest has such a limit.
bool has_device_limits(const GuestRecord& guest);

/// Lines of io.max for `devices`, the whole block device beneath each of the guest's disks as "8:0", one for
/// each that is limited. The limits of disks on one device add up, as the kernel counts them together: an
/// Error names the disk without a limit that another one on its device has, and a limited one that is on no
/// block device ("0:41": tmpfs, btrfs, a network).
Result<std::vector<CgroupLimit>> device_limits(const GuestRecord& guest,
                                               std::span<const std::string> devices);

}  // namespace immure::policy
