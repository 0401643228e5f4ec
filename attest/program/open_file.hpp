#pragma once

#include <optional>
#include <string>

#include "attest/measure/measure.hpp"

namespace immure::attest {

/// The bytes of a file or of a block device, whose fstat(2) says 0.
Result<std::uint64_t> size_of(int fd, const std::string& path);

/// What fs-verity says, where the file is under it: Documentation/filesystems/fsverity.rst. After confine()
/// no file is.
std::optional<measure::OpenFile::Verity> verity_of(int fd);

}  // namespace immure::attest
