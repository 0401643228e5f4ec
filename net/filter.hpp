#pragma once

#include "net/nftables.hpp"
#include "policy/net_filter_record.hpp"

namespace immure::net {

/// Puts the guest's table in force, in one transaction, and compares what the kernel has then with what was
/// asked for. The table belongs to the socket of `nftables`: nobody else can change it, `nft flush ruleset`
/// leaves it alone, and the kernel removes it once that socket is closed.
Result<void> put_in_force(Nftables& nftables, const policy::NetFilterRecord& record);

}  // namespace immure::net
