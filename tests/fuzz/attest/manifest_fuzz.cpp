#include <cstdint>
#include <cstdlib>

#include "attest/manifest/dsse.hpp"
#include "attest/manifest/verify.hpp"

using namespace immure::attest;

// Any bytes as a manifest, and as the statement in one. Nobody has the private half of the key, so nothing
// may ever be proved genuine; a statement that is read means the same once it was written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view public_key =
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----\n";
  const NamedBytes file{.name = "key", .bytes = {public_key.begin(), public_key.end()}};
  static const auto signers = manifest::read_signers({&file, 1});
  if (signers.all.size() != 1) std::abort();

  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto answer = manifest::verify_manifest({.manifest = text,
                                                 .signers = signers,
                                                 .at = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1),
                                                 .revoked = {},
                                                 .measured = {}});
  if (answer.checks.passed(CheckKind::evidence) || !answer.signed_by.empty()) std::abort();

  const auto statement = manifest::parse_statement(text);
  if (!statement) return 0;
  const auto again = manifest::parse_statement(manifest::write_statement(*statement));
  if (!again || again->subjects != statement->subjects || again->unmeasured != statement->unmeasured ||
      again->expires != statement->expires) {
    std::abort();
  }
  return 0;
}
