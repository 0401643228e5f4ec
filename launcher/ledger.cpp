#include "launcher/ledger.hpp"

#include "launcher/cgroup.hpp"
#include "selinux/lease_claims.hpp"

namespace immure::launcher {
namespace {

using selinux::Claim;
using selinux::EntryKind;
using selinux::LeaseKind;

Result<void> unless_gone(Result<void> removed) {
  return !removed && removed.error().error_number == ENOENT ? Result<void>() : removed;
}

}  // namespace

Result<Ledger> Ledger::open(const Paths& paths, const std::string& uuid) {
  auto leases = IMMURE_TRY(selinux::LeaseDirectory::open(paths.leases));
  auto contents = IMMURE_TRY(selinux::ContentLabels::open(paths.contents));
  return Ledger(IMMURE_TRY(selinux::Journal::create(paths.journal, uuid)), std::move(leases),
                std::move(contents));
}

Result<std::vector<Ledger>> Ledger::abandoned(const Paths& paths) {
  std::vector<Ledger> found;
  for (const auto& uuid : IMMURE_TRY(selinux::Journal::list(paths.journal))) {
    auto journal = IMMURE_TRY(selinux::Journal::adopt(paths.journal, uuid));
    if (!journal) continue;
    auto leases = IMMURE_TRY(selinux::LeaseDirectory::open(paths.leases));
    auto contents = IMMURE_TRY(selinux::ContentLabels::open(paths.contents));
    found.push_back(Ledger(*std::move(journal), std::move(leases), std::move(contents)));
  }
  return found;
}

Result<void> Ledger::lease_name(const std::string& name) {
  if (IMMURE_TRY(selinux::claim_name(leases_, journal_, name)) == Claim::taken) return {};
  return std::unexpected(
      Error{.message = "a guest called " + name + " exists already", .error_number = EEXIST});
}

Result<uid_t> Ledger::lease_uid(const policy::HostPolicyRecord& host) {
  selinux::KernelRandomNumbers random;
  return IMMURE_TRY(selinux::claim_uids(leases_, journal_, random, host.uid_base, host.uid_count));
}

Result<selinux::CategoryPair> Ledger::lease_categories() {
  selinux::KernelRandomNumbers random;
  return selinux::claim_categories(leases_, journal_, random);
}

Result<void> Ledger::note(EntryKind kind, const std::string& path) {
  return journal_.append(IMMURE_TRY(selinux::path_entry(kind, path)));
}

Result<void> Ledger::label_private(std::span<const selinux::LabelRequest> files) {
  return selinux::label_files(files, journal_);
}

Result<void> Ledger::label_shared(const selinux::LabelRequest& file) {
  return contents_.acquire(file, journal_);
}

Result<void> Ledger::undo_entry(Kernel& kernel, const selinux::JournalEntry& entry) const {
  const std::string path(entry.path.view());
  switch (entry.kind) {
    case EntryKind::lease:
      return leases_.release(entry.lease, std::string(entry.value.view()), journal_.owner());
    case EntryKind::directory:
      return unless_gone(kernel.remove_directory(path));
    case EntryKind::file:
      return unless_gone(kernel.remove_file(path));
    case EntryKind::cgroup:
      return IMMURE_TRY(Cgroup::at(path)).destroy(kernel);
    case EntryKind::label:
      IMMURE_TRY(selinux::restore_label(entry));
      return {};
    case EntryKind::content:
      IMMURE_TRY(contents_.release(entry, journal_.owner()));
      return {};
  }
  return invalid("the journal has an entry of an unknown kind");
}

Result<void> Ledger::undo(Kernel& kernel) {
  const auto contents = IMMURE_TRY(journal_.read());
  Result<void> first;
  for (const auto& entry : contents.entries) {
    if (auto undone = undo_entry(kernel, entry); !undone && first) first = std::move(undone);
  }
  if (contents.unreadable != 0 && first) first = invalid("its journal has entries that cannot be read");
  if (!first) return first;
  return journal_.remove();
}

std::string Ledger::guest_name() const {
  const auto contents = journal_.read();
  if (contents) {
    for (const auto& entry : contents->entries) {
      if (entry.kind == EntryKind::lease && entry.lease == LeaseKind::name)
        return std::string(entry.value.view());
    }
  }
  return journal_.owner();
}

}  // namespace immure::launcher
