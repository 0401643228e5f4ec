#include "policy/journal_entry.hpp"

#include <cstddef>
#include <utility>

#include "base/io.hpp"

namespace immure::policy {
namespace {

/// http://www.isthe.com/chongo/tech/comp/fnv/: 64-bit FNV-1a. No defence against an attacker: only root can
/// write a journal.
std::uint64_t checksum_of(const JournalEntry& entry) {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const auto byte : bytes_of(entry).first(offsetof(JournalEntry, checksum))) {
    hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100'0000'01b3;
  }
  return hash;
}

}  // namespace

Result<JournalEntry> lease_entry(LeaseKind kind, std::string_view value) {
  JournalEntry entry;
  entry.kind = EntryKind::lease;
  entry.lease = kind;
  entry.value = IMMURE_TRY(decltype(entry.value)::from(value, "the leased value"));
  return entry;
}

Result<JournalEntry> path_entry(EntryKind kind, std::string_view path) {
  JournalEntry entry;
  entry.kind = kind;
  entry.path = IMMURE_TRY(HostPath::from(path, "the path"));
  return entry;
}

void finish(JournalEntry& entry, std::uint64_t sequence) {
  entry.sequence = sequence;
  entry.checksum = checksum_of(entry);
}

bool is_whole(const JournalEntry& entry, std::uint64_t sequence) {
  return entry.magic == JournalEntry::entry_magic && entry.sequence == sequence &&
         entry.checksum == checksum_of(entry) && entry.value.is_well_formed() &&
         entry.path.is_well_formed() && entry.old_context.is_well_formed() &&
         entry.new_context.is_well_formed();
}

}  // namespace immure::policy
