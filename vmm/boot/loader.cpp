#include "vmm/boot/loader.hpp"

#include "vmm/boot/bzimage.hpp"
#include "vmm/boot/elf_segments.hpp"
#include "vmm/boot/pvh.hpp"
#include "vmm/boot/reset_vector.hpp"

namespace immure::vmm::boot {

Result<BootEntry> load(const GuestMemory& memory, const BootRequest& request) {
  IMMURE_TRY(write_reset_vector(memory));
  if (IMMURE_TRY(is_elf(request.kernel))) return load_pvh(memory, request);
  if (IMMURE_TRY(is_bzimage(request.kernel))) return load_bzimage(memory, request);
  return request.kernel.refuse("is neither a bzImage nor an ELF file");
}

}  // namespace immure::vmm::boot
