#include "attest/snp/kernel_hashes.hpp"

#include <algorithm>

namespace immure::attest::snp {
namespace {

using Guid = std::array<std::uint8_t, 16>;

// As they lie in memory: the first three groups of a GUID are little-endian.
constexpr Guid table_guid{0x06, 0xd6, 0x38, 0x94, 0x22, 0x4f, 0xc9, 0x4c,
                          0xb4, 0x79, 0xa7, 0x93, 0xd4, 0x11, 0xfd, 0x21};
constexpr Guid kernel_guid{0x37, 0x94, 0xe7, 0x4d, 0xd2, 0xab, 0x7f, 0x42,
                           0xb8, 0x35, 0xd5, 0xb1, 0x72, 0xd2, 0x04, 0x5b};
constexpr Guid initrd_guid{0x31, 0xf7, 0xba, 0x44, 0x2f, 0x3a, 0xd7, 0x4b,
                           0x9a, 0xf1, 0x41, 0xe2, 0x91, 0x69, 0x78, 0x1d};
constexpr Guid command_line_guid{0xd8, 0x2d, 0xd0, 0x97, 0x20, 0xbd, 0x94, 0x4c,
                                 0xaa, 0x78, 0xe7, 0x71, 0x4d, 0x36, 0xab, 0x2a};

constexpr std::size_t entry_size = 16 + 2 + 32;
constexpr std::size_t table_size = 16 + 2 + 3 * entry_size;
static_assert(table_size == 168);
constexpr std::size_t padded_size = 176;

}  // namespace

Result<std::array<std::uint8_t, 4096>> make_hash_page(const LaunchInputs::Kernel& kernel,
                                                      std::uint32_t offset) {
  std::array<std::uint8_t, 4096> page{};
  if (offset > page.size() - padded_size)
    return invalid("the table of the kernel's hashes does not fit its page");
  auto* out = page.data() + offset;
  const auto head = [&out](const Guid& guid, std::size_t size) {
    out = std::ranges::copy(guid, out).out;
    *out++ = static_cast<std::uint8_t>(size);
    *out++ = 0;
  };
  const auto entry = [&](const Guid& guid, const Sha256Digest& digest) {
    head(guid, entry_size);
    out = std::ranges::copy(digest, out).out;
  };
  // The command line is hashed with the NUL behind it.
  auto command_line = kernel.command_line;
  command_line.push_back('\0');
  head(table_guid, table_size);
  entry(command_line_guid, IMMURE_TRY(sha256(bytes_of_text(command_line))));
  entry(initrd_guid, kernel.initrd);
  entry(kernel_guid, kernel.kernel);
  return page;
}

}  // namespace immure::attest::snp
