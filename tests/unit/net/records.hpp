#pragma once

#include "policy/net_filter_record.hpp"

namespace immure::net::test {

inline policy::FilteredNet net(const char* id, const char* tap, std::uint8_t last_of_mac) {
  policy::FilteredNet net;
  net.id = BoundedString<32>::from(id, "id").value();
  net.tap = policy::InterfaceName::from(tap, "tap").value();
  net.mac = {2, 0, 0, 0, 0, last_of_mac};
  return net;
}

/// The guest "web" with one network, "lan", on the tap "immure0".
inline policy::NetFilterRecord record() {
  policy::NetFilterRecord record;
  record.header = policy::header_of<policy::NetFilterRecord>();
  record.guest = policy::GuestName::from("web", "name").value();
  record.net_count = 1;
  record.nets[0] = net("lan", "immure0", 0x2a);
  return record;
}

/// The same, with an address of each family.
inline policy::NetFilterRecord bound_record() {
  auto bound = record();
  bound.nets[0].addresses[0] = *policy::parse_ip("192.0.2.2");
  bound.nets[0].addresses[1] = *policy::parse_ip("2001:db8::2");
  return bound;
}

}  // namespace immure::net::test
