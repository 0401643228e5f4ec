#pragma once

#include <string>

#include "policy/net_filter_record.hpp"

namespace immure::net {

/// The table of one guest, in just the words in which nft(8) lists it again: what a guest may send, checked
/// where its frames enter the host, before bridge and IP stack. Chains are called "from.ID" and
/// "from.ID.PROTOCOL", with a comment and a counter at each rule that drops. `record` has been checked.
std::string table_text(const policy::NetFilterRecord& record);

/// The link-local address that a network's MAC address gives (RFC 4291, appendix A): the one address that a
/// guest has whether it is named or not.
policy::IpAddress link_local_of(const policy::MacAddress& mac);

}  // namespace immure::net
