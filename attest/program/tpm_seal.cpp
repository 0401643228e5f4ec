#include "attest/json/strict_json.hpp"
#include "attest/log/cel.hpp"
#include "attest/log/replay.hpp"
#include "attest/program/output_file.hpp"
#include "attest/program/tpm_commands.hpp"
#include "attest/tpm/pcrs.hpp"
#include "attest/tpm/seal.hpp"

namespace immure::attest {
namespace {

constexpr std::size_t largest_sealed = 64 << 10;
constexpr std::uint32_t most_pcr = 23;

/// What was sealed and to which PCRs: the file.
struct Sealed {
  tpm::KeyBlob blob;
  std::set<std::uint32_t> pcrs;
};

std::string write_sealed(const Sealed& sealed) {
  const nlohmann::ordered_json out{{"version", 1},
                                   {"pcrs", sealed.pcrs},
                                   {"public", to_base64(sealed.blob.public_area)},
                                   {"private", to_base64(sealed.blob.private_area)}};
  return out.dump(2) + "\n";
}

Result<ByteVector> area_of(const StrictJson& json, const std::string& name) {
  auto bytes = from_base64(IMMURE_TRY(text_member(json, name, "it")));
  if (!bytes) return invalid("\"" + name + "\" is not base64");
  return *std::move(bytes);
}

Result<Sealed> parse_sealed(std::string_view text) {
  const auto json = IMMURE_TRY(parse_strict_json(text, {.bytes = largest_sealed, .depth = 2}));
  IMMURE_TRY(require_members(json, {"version", "pcrs", "public", "private"}, "it"));
  if (json.at("version") != 1) return invalid("it is of another version than 1");
  Sealed out{.blob = {.public_area = IMMURE_TRY(area_of(json, "public")),
                      .private_area = IMMURE_TRY(area_of(json, "private"))},
             .pcrs = {}};
  if (!json.at("pcrs").is_array() || json.at("pcrs").empty()) return invalid("it names no PCR");
  for (const auto& pcr : json.at("pcrs")) {
    if (!pcr.is_number_unsigned() || pcr.get<std::uint64_t>() > most_pcr) return invalid("it names no PCR");
    out.pcrs.insert(pcr.get<std::uint32_t>());
  }
  return out;
}

/// What the PCRs have now, but that of the log: what it leads to.
Expected<quote::PcrValues> values_for(const tpm::Connection& tpm, const TpmSealOptions& options,
                                      const std::optional<InputFile>& log_file) {
  auto values = IMMURE_TRY(tpm::read_pcrs(tpm, options.pcrs));
  if (!log_file) return values;
  const auto records = log::parse_cel(IMMURE_TRY(read_input(*log_file)).bytes);
  if (!records) return fail(ExitCode::bad_log, options.log + ": " + records.error().message);
  for (const auto& [pcr, value] : IMMURE_TRY(log::replay(*records))) values[pcr] = value.sha256;
  return values;
}

}  // namespace

Expected<ExitCode> tpm_seal_command(const TpmSealOptions& options) {
  const auto secret = IMMURE_TRY(open_input(options.secret, tpm::largest_secret));
  const auto log_file = IMMURE_TRY(open_optional_input(options.log, log::largest_log));
  const auto output = IMMURE_TRY(open_output(options.output));
  const auto tpm = IMMURE_TRY(reach_tpm(options.tcti));
  const auto values = IMMURE_TRY(values_for(tpm, options, log_file));
  if (values.empty()) {
    return fail(ExitCode::usage, "a secret that is sealed to no PCR is not sealed", "name --log or --pcrs");
  }
  Sealed sealed{.blob = IMMURE_TRY(tpm::seal(tpm, IMMURE_TRY(read_input(secret)).bytes, values)), .pcrs = {}};
  for (const auto& [pcr, value] : values) sealed.pcrs.insert(pcr);
  IMMURE_TRY(write_output(output, bytes_of_text(write_sealed(sealed))));
  return ExitCode::success;
}

Expected<ExitCode> tpm_unseal_command(const TpmUnsealOptions& options) {
  const auto file = IMMURE_TRY(open_input(options.sealed, largest_sealed));
  const auto output = IMMURE_TRY(open_output(options.output, Readers::owner));
  const auto tpm = IMMURE_TRY(reach_tpm(options.tcti));
  const auto sealed = parse_sealed(IMMURE_TRY(read_input_text(file)));
  if (!sealed) return fail(ExitCode::bad_specification, options.sealed + ": " + sealed.error().message);
  const auto secret = tpm::unseal(tpm, sealed->blob, sealed->pcrs);
  if (!secret) return fail(ExitCode::policy_refused, options.sealed + ": " + secret.error().message);
  IMMURE_TRY(write_output(output, *secret));
  return ExitCode::success;
}

}  // namespace immure::attest
