#include <cstdint>
#include <cstdlib>

#include "attest/snp/firmware.hpp"

using namespace immure::attest;

// Any bytes as the last page of a firmware: tables within their bounds, or an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t page = 4096;
  if (size > page) return 0;
  ByteVector image(page - size);
  image.insert(image.end(), data, data + size);
  const auto tables = snp::read_firmware_tables(image);
  if (!tables) return 0;
  for (const auto& section : tables->sections) {
    if (section.size % page != 0 || section.gpa % page != 0) std::abort();
  }
  return 0;
}
