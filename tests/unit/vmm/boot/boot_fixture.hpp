#pragma once

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/sealed_memfd.hpp"
#include "vmm/boot/boot_request.hpp"

namespace immure::vmm::test {

using Bytes = std::vector<std::byte>;

template <typename T>
void put(Bytes& image, std::size_t offset, const T& value) {
  if (image.size() < offset + sizeof(T)) image.resize(offset + sizeof(T));
  std::memcpy(image.data() + offset, &value, sizeof(T));
}

/// Images in sealed memfds, and the request that names them.
class Images {
 public:
  explicit Images(const Bytes& kernel) : kernel_(make_sealed_memfd("kernel", kernel).value()) {}

  void set_initrd(const Bytes& bytes) { initrd_ = make_sealed_memfd("initrd", bytes).value(); }

  [[nodiscard]] boot::BootRequest request(std::string_view command_line = "console=ttyS0") const {
    boot::BootRequest request{.kernel = boot::ImageFile::open(kernel_.get(), "kernel").value(),
                              .initrd = std::nullopt,
                              .command_line = command_line,
                              .rsdp = GuestAddress{0xe'0000}};
    if (initrd_) request.initrd = boot::ImageFile::open(initrd_.get(), "initrd").value();
    return request;
  }

 private:
  UniqueFd kernel_;
  UniqueFd initrd_;
};

}  // namespace immure::vmm::test
