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

/// Makes or empties it, mode 0644 less the umask. Where the verb fails it stays empty.
Expected<OutputFile> open_output(const std::string& path);

Expected<void> write_output(const OutputFile& file, Bytes bytes);

}  // namespace immure::attest
