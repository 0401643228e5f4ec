#pragma once

#include <string>

#include "attest/crypto/bytes.hpp"
#include "attest/program/failure.hpp"
#include "base/unique_fd.hpp"

namespace immure::attest {

/// A file that the program will write once it is confined.
struct OutputFile {
  std::string name;  ///< for messages
  UniqueFd fd;
};

/// Who may read a file that is made: everybody as far as the umask allows, or its owner alone.
enum class Readers { everybody, owner };

/// Makes it, or opens what is there, which stays as it is until it is written.
Expected<OutputFile> open_output(const std::string& path, Readers readers = Readers::everybody);

/// Replaces all that is in it.
Expected<void> write_output(const OutputFile& file, Bytes bytes);

}  // namespace immure::attest
