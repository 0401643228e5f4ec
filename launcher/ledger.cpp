#include "launcher/ledger.hpp"

#include "launcher/cgroup.hpp"

namespace immure::launcher {
namespace {

using selinux::EntryKind;

Result<Ledger> with_journal(const Paths& paths, selinux::Journal journal) {
  return Ledger{.journal = std::move(journal),
                .leases = IMMURE_TRY(selinux::Leases::open(paths.leases)),
                .contents = IMMURE_TRY(selinux::ContentLabels::open(paths.contents))};
}

Result<void> undo_entry(Kernel& kernel, const Ledger& ledger, const selinux::JournalEntry& entry) {
  const std::string path(entry.path.view());
  const auto& owner = ledger.journal.owner();
  switch (entry.kind) {
    case EntryKind::lease:
      return ledger.leases.release(entry.lease, std::string(entry.value.view()), owner);
    case EntryKind::directory:
    case EntryKind::file:
      return tolerate(ENOENT, kernel.remove(path));
    case EntryKind::cgroup:
      return IMMURE_TRY(Cgroup::at(path)).destroy(kernel);
    case EntryKind::label:
      return selinux::restore_label(entry);
    case EntryKind::content:
      return ledger.contents.release(entry, owner);
  }
  return invalid("the journal has an entry of an unknown kind");
}

}  // namespace

Result<Ledger> Ledger::open(const Paths& paths, const std::string& uuid) {
  return with_journal(paths, IMMURE_TRY(selinux::Journal::create(paths.journal, uuid)));
}

Result<std::vector<Ledger>> Ledger::abandoned(const Paths& paths) {
  std::vector<Ledger> found;
  for (const auto& uuid : IMMURE_TRY(selinux::Journal::list(paths.journal))) {
    auto journal = IMMURE_TRY(selinux::Journal::adopt(paths.journal, uuid));
    if (journal) found.push_back(IMMURE_TRY(with_journal(paths, *std::move(journal))));
  }
  return found;
}

Result<void> Ledger::note(EntryKind kind, const std::string& path) {
  return journal.append(IMMURE_TRY(policy::path_entry(kind, path)));
}

Result<void> Ledger::undo(Kernel& kernel) {
  const auto done = IMMURE_TRY(journal.read());
  Result<void> first;
  for (const auto& entry : done.entries) {
    if (auto undone = undo_entry(kernel, *this, entry); !undone && first) first = std::move(undone);
  }
  if (done.unreadable != 0 && first) first = invalid("its journal has entries that cannot be read");
  if (!first) return first;
  return journal.remove();
}

std::string Ledger::guest_name() const {
  if (const auto done = journal.read(); done) {
    for (const auto& entry : done->entries) {
      if (entry.lease == selinux::LeaseKind::name) return std::string(entry.value.view());
    }
  }
  return journal.owner();
}

}  // namespace immure::launcher
