#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attest/measure/measure.hpp"
#include "base/unique_fd.hpp"
#include "tests/unit/policy/test_records.hpp"

namespace immure::attest::test {

/// A memfd with these bytes, as an open file to measure.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes)
      : fd_(::memfd_create("test", MFD_CLOEXEC)), size_(bytes.size()) {
    if (::write(fd_.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] measure::OpenFile open() const { return {.fd = fd_.get(), .size = size_}; }

 private:
  UniqueFd fd_;
  std::uint64_t size_;
};

/// The files of policy::test::good_guest(): its first disk may be written.
struct GoodFiles {
  MemoryFile kernel{"kernel"};
  MemoryFile initrd{"initrd"};
  MemoryFile vmm{"vmm"};
  MemoryFile data{"data"};

  [[nodiscard]] measure::GuestFiles files() const {
    return {.kernel = kernel.open(),
            .initrd = initrd.open(),
            .vmm = vmm.open(),
            .disks = {std::nullopt, data.open()}};
  }
};

/// Measured as a launch is.
inline Result<std::vector<measure::Event>> measured(const policy::GuestRecord& guest,
                                                    const measure::GuestFiles& files,
                                                    const measure::DiskReading& reading = {}) {
  verity::Crew crew(2);
  return measure::measure_guest(guest, files, reading, crew, [](std::uint64_t) {});
}

inline std::vector<measure::Event> good_events() {
  const GoodFiles files;
  return measured(policy::test::good_guest(), files.files()).value();
}

}  // namespace immure::attest::test
