#pragma once

#include <string>
#include <vector>

#include "launcher/kernel.hpp"
#include "launcher/paths.hpp"
#include "policy/host_policy_record.hpp"
#include "selinux/category_pair.hpp"
#include "selinux/content_labels.hpp"

namespace immure::launcher {

/// Who the guest's programs are. Labels are empty on a host without SELinux whose policy allows that.
struct Identity {
  uid_t uid = 0;  ///< the VMM's; the monitor has uid + 1
  std::string vmm_label;
  std::string monitor_label;
  std::string pipe_label;
  std::string image_label;
};

/// What one launch changed on the host, and the one way to undo it: a failed launch, a guest that ended and a
/// keeper that was killed all take it. Everything is journaled before it is done.
class Ledger {
 public:
  /// A new launch with a journal of its own, whose lock this process holds while it lives.
  static Result<Ledger> open(const Paths& paths, const std::string& uuid);
  /// Every launch whose keeper is gone.
  static Result<std::vector<Ledger>> abandoned(const Paths& paths);

  /// An Error with EEXIST where the name is in use.
  Result<void> lease_name(const std::string& name);
  Result<uid_t> lease_uid(const policy::HostPolicyRecord& host);
  Result<selinux::CategoryPair> lease_categories();
  /// `kind` is directory, file or cgroup.
  Result<void> note(selinux::EntryKind kind, const std::string& path);
  /// Disks that this guest has to itself, all at once.
  Result<void> label_private(std::span<const selinux::LabelRequest> files);
  /// A read-only disk, which other guests may have too.
  Result<void> label_shared(const selinux::LabelRequest& file);

  /// Undoes everything, newest first, then removes the journal. Goes on after an error, keeps the journal
  /// then, and yields the first one.
  Result<void> undo(Kernel& kernel);

  /// The guest's name, as far as the journal knows; otherwise the journal's.
  [[nodiscard]] std::string guest_name() const;

 private:
  Ledger(selinux::Journal journal, selinux::LeaseDirectory leases, selinux::ContentLabels contents)
      : journal_(std::move(journal)), leases_(std::move(leases)), contents_(std::move(contents)) {}
  Result<void> undo_entry(Kernel& kernel, const selinux::JournalEntry& entry) const;

  selinux::Journal journal_;
  selinux::LeaseDirectory leases_;
  selinux::ContentLabels contents_;
};

}  // namespace immure::launcher
