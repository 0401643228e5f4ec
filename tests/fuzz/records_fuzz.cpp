#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include <nlohmann/json.hpp>

#include "base/io.hpp"
#include "net/rules.hpp"
#include "policy/cgroup_limits.hpp"
#include "policy/guest_claim.hpp"
#include "policy/host_policy_file.hpp"
#include "policy/launch_entry.hpp"
#include "policy/net_filter_record.hpp"
#include "policy/toml/guest_spec.hpp"
#include "policy/vmm_record.hpp"
#include "tests/unit/policy/test_records.hpp"

using namespace immure;
using namespace immure::policy;

namespace {

/// A record that the checks accept, with some bytes changed: each five of the input are a place,
/// little-endian, and what stands there.
template <typename Record>
Record changed(Record record, std::span<const std::uint8_t> input) {
  const auto bytes = writable_bytes_of(record);
  for (; input.size() >= 5; input = input.subspan(5)) {
    std::uint32_t place = 0;
    std::memcpy(&place, input.data(), sizeof(place));
    bytes[place % bytes.size()] = std::byte{input[4]};
  }
  return record;
}

HostPolicyFile good_policy() {
  auto file = default_host_policy_file();
  file.tenant_count = 1;
  auto& tenant = file.tenants[0];
  tenant.limits.name = test::text<TenantName>("acme");
  tenant.user_count = tenant.group_count = tenant.limits.directory_count = tenant.tap_count = 1;
  tenant.users[0] = test::text<AccountName>("alice");
  tenant.groups[0] = test::text<AccountName>("acme");
  tenant.limits.directories[0] = test::text<HostPath>("/srv/acme");
  tenant.taps[0] = test::text<InterfaceName>("tap0");
  return file;
}

/// Paths and the command line are bytes; a specification is UTF-8 and cannot say all of them.
bool is_utf8(const std::string& text) {
  using Json = nlohmann::json;
  return text ==
         Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

/// What is accepted can be used, and printed as a specification that compiles to the same.
void use(const GuestRecord& guest) {
  if (!check(guest)) return;
  const auto host = default_host_policy();
  static_cast<void>(evaluate(guest, host));
  static_cast<void>(vmm_limits(guest, host));
  static_cast<void>(make_claim(guest, host));
  if (!check(make_vmm_record(guest))) std::abort();
  const auto printed = print_guest_spec(guest);
  if (!is_utf8(printed)) return;
  const auto again = parse_guest_spec(printed, "guest.toml", "/");
  if (!again || *again != guest) std::abort();
}

void use(const HostPolicyFile& file) {
  if (!check(file)) return;
  for (const auto* group : {"acme", ""}) {
    if (const auto checked = check(policy_for(file, Requester{"alice", {group}})); !checked) {
      std::fprintf(stderr, "%s\n", checked.error().message.c_str());
      std::abort();
    }
  }
}

/// What is accepted becomes rules: whatever is called how, as many lines as with harmless names.
void use(const NetFilterRecord& record) {
  if (!check(record)) return;
  auto harmless = record;
  harmless.guest = test::text<GuestName>("g");
  for (std::uint32_t i = 0; i < record.net_count; ++i) {
    harmless.nets[i].id = test::text<BoundedString<32>>("n" + std::to_string(i));
    harmless.nets[i].tap = test::text<InterfaceName>("t" + std::to_string(i));
  }
  const auto marks = [](const std::string& text) {
    return std::ranges::count_if(text, [](char c) { return std::string_view("\n\"{};#").contains(c); });
  };
  if (marks(net::table_text(record)) != marks(net::table_text(harmless))) std::abort();
}

}  // namespace

// Any bytes as one of the records that programs hand each other: an error, or something that can be used.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span input(data + 1, size - 1);
  const auto guest = test::networked_guest();
  switch (*data % 5) {
    case 0:
      use(changed(guest, input));
      break;
    case 1:
      use(changed(good_policy(), input));
      break;
    case 2:
      static_cast<void>(check(changed(make_vmm_record(guest), input)));
      break;
    case 4:
      use(changed(make_net_filter_record(guest, default_host_policy(), {"tap0", "tap1"}), input));
      break;
    default:
      static_cast<void>(check(changed(make_launch_entry(LaunchEvent::started, guest), input)));
  }
  return 0;
}
