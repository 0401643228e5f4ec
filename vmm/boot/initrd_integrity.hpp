#pragma once

#include "vmm/boot/image_file.hpp"

namespace immure::vmm::boot {

/// Refuses an initrd that was cut off or whose structure is broken, before a kernel finds out half way
/// through its boot. It walks the file from part to part as Linux does
/// (Documentation/driver-api/early-userspace/buffer-format.rst): cpio archives entry by entry; zstd (RFC
/// 8878, 3.1.1) and LZ4 (legacy frames) block by block; xz by its footer (The .xz File Format, 2.1.2). What
/// is inside a block is left for the guest to find: unpacking costs as much as a good part of the boot. gzip
/// alone is unpacked, as its end is told by nothing else. An LZ4 archive that was cut off just between two
/// blocks looks whole. bzip2, lzma, lzo, and a file that begins like no archive and so is not for Linux,
/// pass. `memory_bytes` is the guest's: it has to hold what is unpacked.
Result<void> check_initrd(const ImageFile& initrd, std::uint64_t memory_bytes);

}  // namespace immure::vmm::boot
