#include "policy/toml/attestation.hpp"

#include <array>

#include "policy/toml/choice.hpp"

namespace immure::policy::toml_text {

HostPath read_host_file(TableReader& table, std::string_view name) {
  const Key key{name, "an absolute path without \"//\", \".\", \"..\" or a '/' at the end"};
  const auto text = table.text(key);
  if (!text) return {};
  const auto path = HostPath::from(*text, "the path");
  if (path && path->is_well_formed() && is_normal_path(*text)) return *path;
  table.reject(key, quoted(*text) + " is not a path in normal form");
  return {};
}

void read_attestation(TableReader table, AttestationRules& rules) {
  constexpr std::array modes{Choice<MeasureMode>{"off", MeasureMode::off},
                             Choice<MeasureMode>{"optional", MeasureMode::optional},
                             Choice<MeasureMode>{"required", MeasureMode::required}};
  const Key measure{"measure", "\"off\", \"optional\" or \"required\""};
  rules.measure = choose(table, measure, std::span<const Choice<MeasureMode>>(modes), "not a mode")
                      .value_or(rules.measure);
  const Key require{"require_signature", "true or false"};
  if (table.boolean(require).value_or(false)) rules.signature_required = Switch::on;
  rules.signers = read_host_file(table, "signers");
  rules.revoked = read_host_file(table, "revoked");
  rules.tpm = read_host_file(table, "tpm");
  const Key pcr{"pcr", "a whole number from 0 to 15: those above can be reset"};
  rules.pcr = static_cast<std::uint32_t>(
      table.whole_number(pcr, {.least = 0, .most = first_resettable_pcr - 1}).value_or(rules.pcr));
  const Key nv_index{"nv_index", "0x01800000 to 0x01bfffff, an NV index of the owner's own; needs tpm"};
  rules.nv_index = static_cast<std::uint32_t>(
      table.whole_number(nv_index, {.least = first_nv_index, .most = last_nv_index}).value_or(0));
  if (rules.nv_index != 0 && !table.has("tpm")) table.reject(nv_index, "there is no tpm");
  table.finish();
}

}  // namespace immure::policy::toml_text
