#include "attest/program/snp_digest.hpp"

#include <nlohmann/json.hpp>

#include "attest/program/confine.hpp"

namespace immure::attest {

Expected<ExitCode> snp_digest(const SnpDigestOptions& options) {
  const auto files = IMMURE_TRY(open_snp_files(options.guest));
  IMMURE_TRY(confine());
  const auto guest = IMMURE_TRY(load_snp_guest(files, options.guest));
  const auto hex = to_hex(IMMURE_TRY(snp::launch_digest(guest.launch)));
  const bool json = options.format == OutputFormat::json;
  IMMURE_TRY(print((json ? nlohmann::ordered_json{{"launch_digest", hex}}.dump(2) : hex) + "\n"));
  return ExitCode::success;
}

}  // namespace immure::attest
