#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace immure::attest {

/// The bytes of a file or of a block device, whose fstat(2) says 0.
Result<std::uint64_t> size_of(int fd, const std::string& path);

}  // namespace immure::attest
