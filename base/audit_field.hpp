#pragma once

#include <string>
#include <string_view>

namespace immure {

/// NAME="value" as the audit log has it; upper-case hexadecimal digits without quotes where the value holds a
/// quote, a blank or anything beside printable ASCII, so that it cannot pass for another field
/// (audit_encode_nv_string(3)).
std::string audit_field(std::string_view name, std::string_view value);

}  // namespace immure
