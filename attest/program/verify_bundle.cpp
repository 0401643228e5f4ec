#include "attest/program/verify_bundle.hpp"

#include "attest/program/check_output.hpp"
#include "attest/program/confine.hpp"
#include "attest/program/hex_option.hpp"
#include "attest/program/input_file.hpp"
#include "attest/program/time_option.hpp"
#include "attest/quote/explain.hpp"
#include "attest/quote/launches.hpp"
#include "base/printable.hpp"

namespace immure::attest {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t largest_policy = 1 << 20;

Json quote_json(const quote::Answer& answer) {
  if (!answer.quote) return nullptr;
  auto pcrs = Json::object();
  for (const auto& [number, value] : answer.bundle->pcrs) pcrs[std::to_string(number)] = to_hex(value);
  return {{"nonce", to_hex(answer.quote->nonce)}, {"clock", answer.quote->clock}, {"pcrs", std::move(pcrs)}};
}

Json launches_json(const quote::Answer& answer) {
  std::vector<measure::Event> events;
  for (const auto& record : answer.records) events.push_back(record.event);
  auto out = Json::array();
  for (const auto& launch : quote::split_launches(events)) {
    auto json = Json::object();
    for (const auto& event : launch.identity) json[event.name] = event.field("value").value_or("");
    json["events"] = Json::object();
    for (const auto& event : launch.code) json["events"][event.name] = event.fields.front().value;
    out.push_back(std::move(json));
  }
  return out;
}

std::string output_text(const quote::Answer& answer, const VerifyBundleOptions& options) {
  const auto explained =
      options.explanation == Explanation::wanted ? quote::explain(answer) : std::vector<std::string>{};
  if (options.format == OutputFormat::json) {
    Json out{{"checks", checks_json(answer.checks)},
             {"quote", quote_json(answer)},
             {"launches", launches_json(answer)}};
    if (options.explanation == Explanation::wanted) out["explanation"] = explained;
    return out.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
  }
  auto text = checks_text(answer.checks);
  for (const auto& line : explained) text += "why: " + line + "\n";
  return printable_lines(
      text + verdict_text(answer.checks, {.not_genuine = "the quote is not proved genuine and new",
                                          .not_wanted = "genuine, but not what was asked for"}));
}

}  // namespace

Expected<ExitCode> verify_bundle_command(const VerifyBundleOptions& options) {
  quote::Question question;
  question.at = IMMURE_TRY(time_option("--at-time", options.at_time));
  if (!options.nonce.empty()) question.nonce = IMMURE_TRY(hex_option("--nonce", options.nonce));
  const auto bundle = IMMURE_TRY(open_input(options.bundle, quote::Bundle::largest));
  const auto policy_file = IMMURE_TRY(open_input(options.policy, largest_policy));
  IMMURE_TRY(confine());
  auto policy = quote::parse_policy(IMMURE_TRY(read_input_text(policy_file)), options.policy);
  if (!policy) return fail(ExitCode::bad_specification, policy.error().message);
  question.policy = *std::move(policy);
  question.bundle = IMMURE_TRY(read_input_text(bundle));
  const auto answer = quote::verify_bundle(question);
  IMMURE_TRY(print(output_text(answer, options)));
  return exit_code_of(answer.checks);
}

}  // namespace immure::attest
