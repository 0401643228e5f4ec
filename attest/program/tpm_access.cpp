#include "attest/program/tpm_access.hpp"

#include <fcntl.h>

#include "attest/program/confine.hpp"
#include "base/files.hpp"

namespace immure::attest {
namespace {

constexpr std::string_view device_prefix = "device:";
constexpr std::size_t largest_area = 4096;

}  // namespace

Expected<tpm::Connection> reach_tpm(const std::string& tcti) {
  auto tpm = IMMURE_TRY(connect_tpm(tcti));
  IMMURE_TRY(confine_with_tpm(tcti));
  return tpm;
}

Expected<void> confine_with_tpm(const std::string& tcti) {
  if (!tcti.starts_with(device_prefix)) return {};
  return confine();
}

Expected<tpm::Connection> connect_tpm(const std::string& tcti) {
  if (!tcti.starts_with(device_prefix)) return IMMURE_TRY(tpm::Connection::open(tcti));
  const auto path = tcti.substr(device_prefix.size());
  auto device = open_file(path, O_RDWR | O_NOCTTY, Links::followed);
  if (!device) {
    return fail(ExitCode::failure, "reach the TPM: " + device.error().message,
                "is there a TPM 2.0, and may you use it (group tss)? --tcti names another");
  }
  return IMMURE_TRY(tpm::Connection::over(*std::move(device)));
}

Expected<KeyFiles> open_key(const std::string& directory) {
  return KeyFiles{.public_area = IMMURE_TRY(open_input(directory + "/ak.pub", largest_area)),
                  .private_area = IMMURE_TRY(open_input(directory + "/ak.priv", largest_area))};
}

Expected<tpm::KeyBlob> read_key(const KeyFiles& files) {
  return tpm::KeyBlob{.public_area = IMMURE_TRY(read_input(files.public_area)).bytes,
                      .private_area = IMMURE_TRY(read_input(files.private_area)).bytes};
}

}  // namespace immure::attest
