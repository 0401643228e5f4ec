#pragma once

#include <string>

#include "attest/program/failure.hpp"
#include "attest/program/input_file.hpp"
#include "attest/tpm/keys.hpp"

namespace immure::attest {

inline constexpr const char* default_tcti = "device:/dev/tpmrm0";

/// Opens the TPM, the last thing that a verb opens. Over "device:PATH" the program then confines itself as
/// for evidence; every other TCTI needs sockets of its own for each command, so it keeps the caller's rights.
Expected<tpm::Connection> reach_tpm(const std::string& tcti);
/// The two halves of it, where something has to be done in between.
Expected<tpm::Connection> connect_tpm(const std::string& tcti);
Expected<void> confine_with_tpm(const std::string& tcti);

/// An attestation key in a directory: what `immure tpm key` wrote. Opened now, read later.
struct KeyFiles {
  InputFile public_area;
  InputFile private_area;
};
Expected<KeyFiles> open_key(const std::string& directory);
Expected<tpm::KeyBlob> read_key(const KeyFiles& files);

}  // namespace immure::attest
