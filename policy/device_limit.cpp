#include "policy/device_limit.hpp"

#include <algorithm>

#include "policy/cgroup_limits.hpp"

namespace immure::policy {
namespace {

std::string key_of(std::size_t disk) { return "disks[" + std::to_string(disk) + "]"; }

std::span<const DiskRecord> used_disks(const GuestRecord& guest) {
  return std::span(guest.disks).first(guest.disk_count);
}

/// What the disks on this device may have together; 0 where none of them is limited.
Result<std::uint64_t> total(const GuestRecord& guest, std::span<const std::string> devices,
                            const std::string& device, const DeviceLimitField& field) {
  std::uint64_t sum = 0;
  std::size_t limited = devices.size();
  std::size_t unlimited = devices.size();
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (devices[i] != device) continue;
    const auto value = guest.disks[i].device_limit.*field.value;
    (value != 0 ? limited : unlimited) = i;
    sum += value;
  }
  if (limited == devices.size() || unlimited == devices.size()) return sum;
  return invalid(key_of(unlimited) + " lies on the same device (" + device + ") as " + key_of(limited) +
                 " and has no device_limit." + std::string(field.name) +
                 ": the kernel counts them together, so both need one");
}

Result<CgroupLimit> line_for(const GuestRecord& guest, std::span<const std::string> devices,
                             const std::string& device) {
  auto line = device;
  for (const auto& field : device_limit_fields) {
    const auto sum = IMMURE_TRY(total(guest, devices, device, field));
    line += " " + std::string(field.kernel_name) + "=" + (sum == 0 ? "max" : std::to_string(sum));
  }
  return CgroupLimit{"io.max", line};
}

}  // namespace

Result<void> check(const DeviceLimit& limit, std::string_view key) {
  for (const auto& field : device_limit_fields) {
    const auto value = limit.*field.value;
    const auto least = field.is_bytes ? min_bytes_per_second : 1;
    const auto most = field.is_bytes ? max_rate_bytes : max_rate_operations;
    if (value == 0 || (value >= least && value <= most)) continue;
    return invalid(std::string(key) + "." + std::string(field.name) + " must be " + std::to_string(least) +
                   " to " + std::to_string(most));
  }
  return {};
}

bool has_device_limits(const GuestRecord& guest) {
  return std::ranges::any_of(used_disks(guest),
                             [](const DiskRecord& disk) { return disk.device_limit != DeviceLimit{}; });
}

Result<std::vector<CgroupLimit>> device_limits(const GuestRecord& guest,
                                               std::span<const std::string> devices) {
  std::vector<CgroupLimit> lines;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const auto& disk = used_disks(guest)[i];
    if (disk.device_limit == DeviceLimit{}) continue;
    if (devices[i].starts_with("0:")) {
      return invalid(
          key_of(i) + ".device_limit: " + std::string(disk.path.view()) +
          " is on a file system that has no block device of its own; move it, or leave the limit out");
    }
    auto line = IMMURE_TRY(line_for(guest, devices, devices[i]));
    if (std::ranges::find(lines, line) == lines.end()) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace immure::policy
