// Any bytes as an initrd: it is accepted or refused, and both in no time.
#include <cstdlib>

#include "base/sealed_memfd.hpp"
#include "vmm/boot/initrd_integrity.hpp"

using namespace immure;
using namespace immure::vmm::boot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto memfd = make_sealed_memfd("initrd", std::as_bytes(std::span(data, size)));
  if (!memfd) std::abort();
  const auto file = ImageFile::open(memfd->get(), "initrd");
  if (!file) std::abort();
  (void)check_initrd(*file, 16U << 20U);
  return 0;
}
