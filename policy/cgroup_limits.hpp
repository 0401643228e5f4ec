#pragma once

#include <vector>

#include "policy/guest_record.hpp"
#include "policy/host_policy_record.hpp"

namespace immure::policy {

/// One file of a cgroup, what is written to it, and the file that must say the same afterwards.
struct CgroupLimit {
  std::string file;
  std::string value;
  std::string read_back = file;

  friend bool operator==(const CgroupLimit&, const CgroupLimit&) = default;
};

/// The limits of a guest's VMM, in the kernel's own spelling: Documentation/admin-guide/cgroup-v2.rst.
std::vector<CgroupLimit> vmm_limits(const GuestRecord& guest, const HostPolicyRecord& host);

/// Of the host's reserved huge pages it may have its guest's memory, where that is made of them, and no
/// others: `files` are those of its cgroup.
std::vector<CgroupLimit> huge_page_limits(const GuestRecord& guest, const std::vector<std::string>& files);

/// Those of its monitor, and of the owner of the rules of its networks.
std::vector<CgroupLimit> monitor_limits(const HostPolicyRecord& host);
std::vector<CgroupLimit> net_filter_limits(const HostPolicyRecord& host);

/// Those of its passt.
std::vector<CgroupLimit> passt_limits(const GuestRecord& guest, const HostPolicyRecord& host);

}  // namespace immure::policy
