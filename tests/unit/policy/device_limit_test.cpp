#include "policy/device_limit.hpp"

#include <catch2/catch_test_macros.hpp>

#include "policy/cgroup_limits.hpp"
#include "tests/unit/policy/test_records.hpp"

using namespace immure::policy;
using test::good_guest;

namespace {

GuestRecord guest_with_disks(std::initializer_list<DeviceLimit> limits) {
  auto guest = good_guest();
  guest.disk_count = 0;
  for (const auto& limit : limits) {
    auto& disk = guest.disks.at(guest.disk_count++);
    disk.path = HostPath::from("/images/" + std::to_string(guest.disk_count), "path").value();
    disk.device_limit = limit;
  }
  return guest;
}

std::vector<std::string> lines_of(const GuestRecord& guest, const std::vector<std::string>& devices) {
  std::vector<std::string> values;
  const auto lines = device_limits(guest, devices).value();
  for (const auto& line : lines) {
    CHECK(line.file == "io.max");
    CHECK(line.read_back == "io.max");
    values.push_back(line.value);
  }
  return values;
}

std::string error_of(const GuestRecord& guest, const std::vector<std::string>& devices) {
  const auto lines = device_limits(guest, devices);
  return lines ? "" : lines.error().message;
}

}  // namespace

TEST_CASE("a device's limit is a line of io.max, in the kernel's spelling and order", "[policy]") {
  const auto guest = guest_with_disks({{.read_bytes_per_second = 1 << 20, .write_operations_per_second = 9},
                                       {},
                                       {.write_bytes_per_second = 4096, .read_operations_per_second = 7}});
  CHECK(has_device_limits(guest));
  CHECK(lines_of(guest, {"8:0", "8:16", "253:1"}) ==
        std::vector<std::string>{"8:0 rbps=1048576 wbps=max riops=max wiops=9",
                                 "253:1 rbps=max wbps=4096 riops=7 wiops=max"});
  CHECK_FALSE(has_device_limits(guest_with_disks({{}, {}})));
  CHECK(lines_of(guest_with_disks({{}, {}}), {"8:0", "0:41"}).empty());
}

TEST_CASE("limits of disks on one device add up, and one disk without is an error", "[policy]") {
  const auto two = guest_with_disks({{.read_bytes_per_second = 4096}, {.read_bytes_per_second = 8192}});
  CHECK(lines_of(two, {"8:0", "8:0"}) ==
        std::vector<std::string>{"8:0 rbps=12288 wbps=max riops=max wiops=max"});
  const auto one = guest_with_disks({{.read_bytes_per_second = 4096}, {.write_bytes_per_second = 8192}});
  CHECK(error_of(one, {"8:0", "8:0"})
            .contains("disks[1] lies on the same device (8:0) as disks[0] and has no "
                      "device_limit.read_bytes_per_second"));
  CHECK(error_of(one, {"8:0", "8:16"}).empty());
  CHECK(
      error_of(guest_with_disks({{}, {.read_bytes_per_second = 4096}}), {"8:0", "8:0"}).contains("disks[0]"));
}

TEST_CASE("a file on no block device cannot be limited so, and it is said which", "[policy]") {
  const auto guest = guest_with_disks({{}, {.read_bytes_per_second = 4096}});
  CHECK(error_of(guest, {"8:0", "0:41"}).starts_with("disks[1].device_limit: /images/2 is on a file system"));
}

TEST_CASE("a device's limit is in range", "[policy]") {
  CHECK(check(DeviceLimit{}, "x"));
  for (const auto& field : device_limit_fields) {
    DeviceLimit limit;
    limit.*field.value = field.is_bytes ? 1024 : 1;
    CHECK(check(limit, "x"));
    limit.*field.value = field.is_bytes ? 1023 : 1'000'000'001;
    const auto checked = check(limit, "disks[0].device_limit");
    REQUIRE_FALSE(checked);
    CHECK(checked.error().message.starts_with("disks[0].device_limit." + std::string(field.name)));
    auto guest = good_guest();
    guest.disks[0].device_limit = limit;
    CHECK_FALSE(check(guest));
  }
}
