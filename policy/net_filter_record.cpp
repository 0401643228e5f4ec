#include "policy/net_filter_record.hpp"

#include <algorithm>
#include <span>

namespace immure::policy {
namespace {

static_assert(std::has_unique_object_representations_v<NetFilterRecord>, "a record has no implicit padding");
static_assert(std::has_unique_object_representations_v<NetFilterReport>, "a record has no implicit padding");

/// Its name is written into rules: none of the characters that mean something there.
bool is_plain_interface_name(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return is_interface_name(text) && std::ranges::all_of(text, is_plain);
}

/// The same network as a guest's record has it, for the checks that are the same.
NetRecord net_of(const FilteredNet& net) {
  return {.id = net.id,
          .host = net.tap,
          .mac = net.mac,
          .kind = NetKind::tap,
          .limit = {},
          .addresses = net.addresses};
}

}  // namespace

bool has_net_filter(const GuestRecord& guest, const HostPolicyRecord& host) {
  return host.anti_spoofing == Switch::on &&
         std::ranges::any_of(std::span(guest.nets).first(guest.net_count), has_tap);
}

NetFilterRecord make_net_filter_record(const GuestRecord& guest, const HostPolicyRecord& host,
                                       const std::vector<std::string>& taps) {
  NetFilterRecord record;
  record.header = header_of<NetFilterRecord>();
  record.guest = guest.name;
  record.metadata_allowed = host.metadata_allowed;
  for (std::size_t i = 0; i < taps.size(); ++i) {
    const auto& net = guest.nets.at(i);
    if (!has_tap(net)) continue;
    auto& filtered = record.nets.at(record.net_count++);
    filtered.id = net.id;
    filtered.tap = InterfaceName::fitting(taps[i]);
    filtered.mac = net.mac;
    filtered.addresses = net.addresses;
  }
  return record;
}

Result<void> check(const NetFilterRecord& record) {
  IMMURE_TRY(check_header(record, "the network filter's record"));
  if (!record.guest.is_well_formed() || !is_guest_name(record.guest.view())) {
    return invalid("the network filter's record names no guest");
  }
  if (!is_switch(record.metadata_allowed)) {
    return invalid("the network filter's record: a switch is neither on nor off");
  }
  if (record.net_count < 1 || record.net_count > max_nets) {
    return invalid("the network filter's record has no network, or too many");
  }
  for (std::size_t i = 0; i < record.nets.size(); ++i) {
    const auto& net = record.nets[i];
    if (i >= record.net_count) {
      if (net != FilteredNet{}) return invalid("the network filter's record: an unused slot is not empty");
      continue;
    }
    const auto earlier = std::span(record.nets).first(i);
    const auto key = "nets[" + std::to_string(i) + "]";
    IMMURE_TRY(check(net_of(net), key));
    if (net.reserved != 0) return invalid(key + ": a reserved field is not 0");
    if (!is_plain_interface_name(net.tap.view())) {
      return invalid(key + ": the interface \"" + std::string(net.tap.view()) +
                     "\" must be of letters, digits, '.', '_' and '-' to be filtered: rename it");
    }
    if (std::ranges::find(earlier, net.id, &FilteredNet::id) != earlier.end() ||
        std::ranges::find(earlier, net.tap, &FilteredNet::tap) != earlier.end()) {
      return invalid(key + ": another network has the same id or interface");
    }
  }
  return {};
}

Result<void> check(const NetFilterReport& report) {
  IMMURE_TRY(check_header(report, "the network filter's report"));
  if (!report.message.is_well_formed() || report.reserved != 0) {
    return invalid("the network filter's report is malformed");
  }
  if (report.in_force != Switch::on) return invalid(std::string(report.message.view()));
  return {};
}

std::string net_filter_table(std::string_view guest) { return "immure-" + std::string(guest); }

}  // namespace immure::policy
