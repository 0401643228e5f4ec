#pragma once

#include <vector>

#include <linux/bpf.h>

#include "policy/guest_record.hpp"

namespace immure::policy {

/// An eBPF program of a cgroup: the kernel asks it before a process in the group does what `attach` stands
/// for, and it can only say no.
struct CgroupFilter {
  const char* name = "";  ///< for messages: "device filter"
  bpf_prog_type type{};
  bpf_attach_type attach{};
  std::vector<bpf_insn> program;
};

/// No device is opened or made: the launcher has opened what a guest has from outside the cgroup, so the list
/// of what may be opened inside is empty.
CgroupFilter device_filter();

/// What passt, which lives in the host's network, may not do there, whatever a guest makes of it:
/// - connect, or send a datagram, to the host itself (0.0.0.0/8, 127.0.0.0/8, ::/64 with ::1 and IPv4 in
///   IPv6), or to where clouds keep a host's secrets (169.254.0.0/16, fd00:ec2::/32);
/// - take a TCP port, but those that are forwarded.
/// Answers to a host's own datagrams go to the host itself: a guest that has an UDP port of a loopback
/// address may send datagrams there.
std::vector<CgroupFilter> passt_filters(const NetRecord& net);

}  // namespace immure::policy
