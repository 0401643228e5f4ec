#pragma once

#include <string>
#include <vector>

#include "launcher/kernel.hpp"
#include "launcher/paths.hpp"
#include "selinux/content_labels.hpp"
#include "selinux/leases.hpp"

namespace immure::launcher {

/// What one launch changed on the host, and the one way to undo it: a failed launch, a guest that ended and a
/// keeper that was killed all take it. Everything is journaled before it is done.
struct Ledger {
  selinux::Journal journal;
  selinux::Leases leases;
  selinux::ContentLabels contents;

  /// A new launch with a journal of its own, whose lock this process holds while it lives.
  static Result<Ledger> open(const Paths& paths, const std::string& uuid);
  /// Every launch whose keeper is gone.
  static Result<std::vector<Ledger>> abandoned(const Paths& paths);

  /// `kind` is directory, file or cgroup.
  Result<void> note(selinux::EntryKind kind, const std::string& path);
  /// Undoes everything, newest first, then removes the journal. Goes on after an error, keeps the journal
  /// then, and yields the first one.
  Result<void> undo(Kernel& kernel);
  /// The guest's name, as far as the journal knows; otherwise the journal's.
  [[nodiscard]] std::string guest_name() const;
};

}  // namespace immure::launcher
