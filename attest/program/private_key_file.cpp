#include "attest/program/private_key_file.hpp"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include "attest/crypto/signature.hpp"

namespace immure::attest {
namespace {

constexpr std::size_t largest_key = 64 << 10;

}  // namespace

Expected<InputFile> open_private_key(const std::string& path, SharedKey shared) {
  auto file = IMMURE_TRY(open_input(path, largest_key));
  struct stat status{};
  if (::fstat(file.fd.get(), &status) != 0)
    return std::unexpected(Failure(system_error("fstat " + path).error()));
  constexpr mode_t others = S_IRWXG | S_IRWXO;
  if ((status.st_mode & others) != 0 && shared == SharedKey::refused) {
    return fail(ExitCode::bad_specification,
                path + ": others than its owner can read or write this private key",
                "chmod 600 it, or say --allow-shared-key if that is meant");
  }
  return file;
}

Expected<KeyHandle> load_private_key(const InputFile& file) {
  auto text = IMMURE_TRY(read_input(file));
  auto key = read_private_key(text.bytes);
  ::OPENSSL_cleanse(text.bytes.data(), text.bytes.size());
  if (!key) return fail(ExitCode::bad_specification, file.name + ": " + key.error().message);
  return *std::move(key);
}

}  // namespace immure::attest
