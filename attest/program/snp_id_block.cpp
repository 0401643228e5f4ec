#include "attest/program/snp_id_block.hpp"

#include <algorithm>
#include <span>

#include <nlohmann/json.hpp>

#include "attest/program/confine.hpp"
#include "attest/snp/id_block.hpp"

namespace immure::attest {
namespace {

using Json = nlohmann::ordered_json;

/// An empty text leaves zeroes.
Expected<void> read_hex(const char* option, const std::string& text, std::span<std::uint8_t> out) {
  if (text.empty()) return {};
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != out.size()) {
    return fail(ExitCode::usage, std::string(option) + ": " + std::to_string(2 * out.size()) +
                                     " hexadecimal digits are needed");
  }
  std::ranges::copy(*bytes, out.begin());
  return {};
}

Expected<snp::IdBlockInputs> inputs_of(const SnpIdBlockOptions& options) {
  snp::IdBlockInputs inputs{.guest_svn = options.guest_svn, .policy = options.policy};
  IMMURE_TRY(read_hex("--digest", options.digest, inputs.launch_digest));
  IMMURE_TRY(read_hex("--family-id", options.family_id, inputs.family_id));
  IMMURE_TRY(read_hex("--image-id", options.image_id, inputs.image_id));
  return inputs;
}

Expected<Json> make_output(const snp::IdBlockInputs& inputs, EVP_PKEY* id_key, EVP_PKEY* author_key) {
  const auto block = snp::make_id_block(inputs);
  const auto authentication = snp::make_id_authentication(block, id_key, author_key);
  if (!authentication) return fail(ExitCode::bad_specification, authentication.error().message);
  Json out{{"id_block", to_base64(block)},
           {"id_auth", to_base64(*authentication)},
           {"id_key_digest", to_hex(IMMURE_TRY(snp::amd_key_digest(id_key)))}};
  if (author_key != nullptr) out["author_key_digest"] = to_hex(IMMURE_TRY(snp::amd_key_digest(author_key)));
  return out;
}

std::string as_text(const Json& json) {
  std::string out;
  for (const auto& [name, value] : json.items()) out += name + "=" + value.get<std::string>() + "\n";
  return out;
}

}  // namespace

Expected<ExitCode> snp_id_block(const SnpIdBlockOptions& options) {
  const auto inputs = IMMURE_TRY(inputs_of(options));
  const auto id_file = IMMURE_TRY(open_private_key(options.id_key, options.shared_key));
  std::optional<InputFile> author_file;
  if (!options.author_key.empty()) {
    author_file = IMMURE_TRY(open_private_key(options.author_key, options.shared_key));
  }
  IMMURE_TRY(confine());
  const auto id_key = IMMURE_TRY(load_private_key(id_file));
  KeyHandle author_key;
  if (author_file) author_key = IMMURE_TRY(load_private_key(*author_file));
  const auto json = IMMURE_TRY(make_output(inputs, id_key.get(), author_key.get()));
  IMMURE_TRY(print(options.format == OutputFormat::json ? json.dump(2) + "\n" : as_text(json)));
  return ExitCode::success;
}

}  // namespace immure::attest
