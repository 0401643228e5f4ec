#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

#include "attest/verity/tree.hpp"
#include "attest/verity/tree_root.hpp"
#include "base/unique_fd.hpp"

using namespace immure;
using namespace immure::attest;

// Any bytes as a disk with a dm-verity tree behind its data: a root hash that the tree leads to is not
// found by chance, and nothing is read outside of the disk. Data of such a superblock that is there has a
// root.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const UniqueFd fd(::memfd_create("fuzz", MFD_CLOEXEC));
  if (::write(fd.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  const verity::DiskArea disk{.fd = fd.get(), .size = size};
  for (std::uint64_t at = 0; at < size; at += 512) {
    const auto superblock = verity::read_superblock(disk, at);
    if (!superblock) continue;
    const ByteVector root(verity::digest_bytes(superblock->hash), 7);
    if (verity::check_tree(*superblock, at, {.fd = fd.get(), .size = at}, disk, root)) std::abort();
    constexpr std::uint64_t quick = 1 << 20;
    if (superblock->data_bytes() > size || superblock->hash_block_bytes > quick) continue;
    verity::Crew crew(1);
    if (!verity::dm_verity_root(fd.get(), *superblock, crew, [](std::uint64_t) {})) std::abort();
  }
  return 0;
}
