#include "attest/program/report_verify.hpp"

#include <algorithm>
#include <iterator>

#include "attest/program/check_output.hpp"
#include "attest/program/confine.hpp"
#include "attest/program/input_file.hpp"
#include "attest/program/time_option.hpp"
#include "attest/program/verification_text.hpp"
#include "attest/snp/verify.hpp"

namespace immure::attest {
namespace {

constexpr std::size_t largest_report = 64 << 10;
constexpr std::size_t largest_certificate_file = 1 << 20;
constexpr std::size_t largest_policy = 1 << 20;

struct Inputs {
  InputFile report;
  InputDirectory certificates;
  std::optional<InputFile> policy;
  std::optional<InputFile> trust_anchor;
};

Expected<Inputs> open_all(const ReportVerifyOptions& options) {
  Inputs inputs;
  inputs.report = IMMURE_TRY(open_input(options.report, largest_report));
  inputs.certificates = IMMURE_TRY(open_input_directory(options.certificates, largest_certificate_file));
  inputs.policy = IMMURE_TRY(open_optional_input(options.policy, largest_policy));
  inputs.trust_anchor = IMMURE_TRY(open_optional_input(options.trust_anchor, largest_certificate_file));
  return inputs;
}

Expected<CertificateSet> read_certificate_directory(const InputDirectory& directory) {
  auto set = read_certificates(IMMURE_TRY(read_inputs(directory)));
  std::ranges::copy(directory.ignored, std::back_inserter(set.ignored));
  return set;
}

Expected<snp::Evidence> read_all(const Inputs& inputs, const ReportVerifyOptions& options) {
  snp::Evidence evidence;
  evidence.report = IMMURE_TRY(read_input(inputs.report)).bytes;
  evidence.certificates = IMMURE_TRY(read_certificate_directory(inputs.certificates));
  evidence.product = snp::product_named(options.product);
  if (inputs.policy) {
    auto policy = snp::parse_report_policy(IMMURE_TRY(read_input_text(*inputs.policy)), options.policy);
    if (!policy) return std::unexpected(Failure(ExitCode::bad_specification, policy.error().message));
    evidence.policy = *std::move(policy);
  }
  if (inputs.trust_anchor) {
    auto anchor = read_one_certificate(IMMURE_TRY(read_input(*inputs.trust_anchor)));
    if (!anchor) {
      return std::unexpected(
          Failure(ExitCode::bad_specification, "--trust-anchor: " + anchor.error().message));
    }
    evidence.trust_anchor = *std::move(anchor);
  }
  return evidence;
}

}  // namespace

Expected<ExitCode> report_verify(const ReportVerifyOptions& options) {
  const auto at = IMMURE_TRY(time_option("--at-time", options.at_time));
  const auto inputs = IMMURE_TRY(open_all(options));
  IMMURE_TRY(confine());
  auto evidence = IMMURE_TRY(read_all(inputs, options));
  evidence.at = at;
  const auto verification = snp::verify_report(evidence);
  IMMURE_TRY(print(options.format == OutputFormat::json ? verification_json(verification)
                                                        : verification_text(verification)));
  return exit_code_of(verification.checks);
}

}  // namespace immure::attest
