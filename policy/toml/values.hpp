#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/guest_record.hpp"

namespace immure::policy::toml_text {

/// "512 MiB", "1GiB", "4096 B", "4096": a whole number and one of B, KiB, MiB, GiB, TiB (a factor of 1024
/// each). Nothing where it is anything else or does not fit 64 bits. "MB" is refused: it means two things.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The size in the largest unit that divides it: "512 MiB".
std::string format_size(std::uint64_t bytes);

/// RFC 9562, 4: 8-4-4-4-12 hexadecimal digits, either case.
std::optional<Uuid> parse_uuid(std::string_view text);

/// Six pairs of hexadecimal digits, either case, with ':' between them.
std::optional<MacAddress> parse_mac(std::string_view text);

/// An address for a guest's network that stays the same from launch to launch: locally administered, of the
/// uuid where there is one, else of the guest's name, and of the network's id.
MacAddress derive_mac(const GuestRecord& guest, std::string_view net_id);

/// `path` in normal form: relative to `base_directory` where it does not start with '/', without "//", "."
/// and
/// "..". Nothing where it is empty, goes above "/", or is relative and there is no absolute base directory.
/// Taking ".." away from the text is right because the launcher follows no symbolic link.
std::optional<std::string> resolve_path(std::string_view base_directory, std::string_view path);

}  // namespace immure::policy::toml_text
