#pragma once

#include "vmm/boot/image_file.hpp"

namespace immure::vmm::boot {

/// How many bytes of the file the gzip member (RFC 1952) at `offset` takes. Nothing in it says so: it is
/// unpacked to nowhere, which also checks its checksum. An Error where it is cut off or broken, or would
/// unpack to more than `most` bytes.
Result<std::uint64_t> gzip_member_size(const ImageFile& file, std::uint64_t offset, std::uint64_t most);

}  // namespace immure::vmm::boot
