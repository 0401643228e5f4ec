#pragma once

#include <cstdint>
#include <type_traits>

#include "policy/guest_record.hpp"

namespace immure::policy {

/// What can be leased, and below which directory: mcs/c12,c407  uid/200000  name/web1
enum class LeaseKind : std::uint32_t { categories = 1, uid = 2, name = 3 };

/// What a launch is about to do, and how it is undone.
enum class EntryKind : std::uint32_t {
  lease = 1,      ///< lease, value: release it
  directory = 2,  ///< path: remove it, if it is empty
  file = 3,       ///< path: remove it (a socket, a state file)
  cgroup = 4,     ///< path: kill what is in it, then remove it
  label = 5,      ///< path, device, inode, old_context, new_context: give it the old label back
  content = 6,    ///< the same for a read-only disk that other guests may still have
};

/// One entry of a launch's journal, written before the thing it stands for is done. Unused fields are zero.
struct JournalEntry {
  static constexpr std::uint32_t entry_magic = 0x4a'4d'4d'49;  // "IMMJ"

  std::uint32_t magic = entry_magic;
  EntryKind kind{};
  std::uint64_t sequence = 0;  ///< 0, 1, 2, ... within the journal; the journal sets it
  std::uint64_t device = 0;    ///< st_dev
  std::uint64_t inode = 0;     ///< st_ino
  LeaseKind lease{};
  std::uint32_t reserved = 0;
  BoundedString<128> value;
  HostPath path;
  BoundedString<256> old_context;  ///< empty: the file had no label
  BoundedString<256> new_context;
  std::uint64_t checksum = 0;  ///< FNV-1a over all bytes before it: tells a torn write; the journal sets it
};
static_assert(std::is_trivially_copyable_v<JournalEntry>);
static_assert(sizeof(JournalEntry) == 1712);

Result<JournalEntry> lease_entry(LeaseKind kind, std::string_view value);
/// `kind` is directory, file or cgroup.
Result<JournalEntry> path_entry(EntryKind kind, std::string_view path);

/// Sets sequence and checksum.
void finish(JournalEntry& entry, std::uint64_t sequence);
/// Whether it was written whole, as number `sequence`, and its strings can be used.
bool is_whole(const JournalEntry& entry, std::uint64_t sequence);

}  // namespace immure::policy
