#pragma once

#include <string>

#include "attest/crypto/handles.hpp"
#include "attest/program/input_file.hpp"

namespace immure::attest {

/// Whether a private key that others than its owner can read is taken.
enum class SharedKey { refused, allowed };

/// Opens the file of a private key; bad_specification, with the way out, where it is shared.
Expected<InputFile> open_private_key(const std::string& path, SharedKey shared);

/// Reads it: after confine(). bad_specification where it is none.
Expected<KeyHandle> load_private_key(const InputFile& file);

}  // namespace immure::attest
