#include "policy/toml/guest_spec.hpp"

#include "policy/toml/document.hpp"
#include "policy/toml/guest_spec_reader.hpp"

namespace immure::policy {

Result<GuestRecord> parse_guest_spec(std::string_view text, std::string_view file_name,
                                     std::string_view base_directory) {
  toml_text::Diagnostics diagnostics(file_name);
  const auto document = toml_text::parse_document(text, file_name, diagnostics);
  if (!document) return diagnostics.error();
  const auto record = toml_text::GuestSpecReader(base_directory, diagnostics).read(*document);
  if (!diagnostics.empty()) return diagnostics.error();
  // Every rule was asked above, where the place in the file is known; this asks the one that counts.
  if (const auto checked = check(record); !checked) return with_context(file_name, checked.error());
  return record;
}

}  // namespace immure::policy
