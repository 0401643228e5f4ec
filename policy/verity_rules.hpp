#pragma once

#include <optional>
#include <string>

#include "policy/guest_record.hpp"

namespace immure::policy {

/// In lower-case hexadecimal.
std::string root_hash_text(const VerityRecord& verity);

/// What the guest has to be told so that it reads its disks through dm-verity only: options of
/// systemd-veritysetup-generator(8) in the initrd, one blank behind each; empty where no disk has a tree.
/// The root is then /dev/mapper/root, which is there only once it is verified, so that an initrd that does
/// not know the other options finds none. They stand in front of the command line.
std::string verity_arguments(const GuestRecord& record);

/// The first word of a command line that says something else than verity_arguments(): "root=/dev/vda".
/// Quotes hide nothing.
std::optional<std::string> verity_contradiction(const GuestRecord& record, std::string_view command_line);

/// Of each disk with a tree: it is read-only, its tree is where one can be, its root hash is a hash; there is
/// one for each mount, an initrd to set it up, and the command line begins with verity_arguments() and
/// contradicts none of them.
Result<void> check_verity(const GuestRecord& record);

/// The disk that has the tree of disk `index`, which has one: itself, or the one that it names. The number of
/// disks where there is no such disk.
std::uint32_t hash_disk_of(const GuestRecord& record, std::uint32_t index);
/// Whether disk `other` can have the tree of disk `index`: another one, read-only, without verity.
bool is_tree_disk(const GuestRecord& record, std::uint32_t index, std::uint32_t other);

}  // namespace immure::policy
