#pragma once

#include <string>
#include <string_view>

#include "policy/guest_record.hpp"

namespace immure::policy {

/// Compiles a guest specification (docs/guest-spec.md) into a record that check() accepts. Relative paths are
/// taken from `base_directory`, an absolute path (the specification's directory); where that is empty they
/// are errors. The Error's message has all mistakes of the file, each on a line of its own:
/// "FILE:LINE:COLUMN: KEY: what is wrong; allowed: what may stand there".
Result<GuestRecord> parse_guest_spec(std::string_view text, std::string_view file_name,
                                     std::string_view base_directory);

/// The record as a specification with every key written out; parse_guest_spec() gives the same record back.
std::string print_guest_spec(const GuestRecord& record);

}  // namespace immure::policy
