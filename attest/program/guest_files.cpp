#include "attest/program/guest_files.hpp"

#include <algorithm>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/program/open_file.hpp"
#include "base/files.hpp"
#include "base/fs_verity.hpp"
#include "policy/spec/compile.hpp"

namespace immure::attest {
namespace {

constexpr std::uint64_t largest_boot_file = 4ULL << 30;

enum class Devices { refused, allowed };

/// A regular file or, where allowed, a block device.
Result<UniqueFd> open_image(const std::string& path, Devices devices) {
  // O_NONBLOCK: a FIFO without a writer must not hang the open.
  auto fd = IMMURE_TRY(open_file(path, O_RDONLY | O_NOCTTY | O_NONBLOCK, Links::refused));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return system_error("fstat " + path);
  if (S_ISREG(status.st_mode) || (S_ISBLK(status.st_mode) && devices == Devices::allowed)) return fd;
  return invalid("open " + path + ": it is not a regular file" +
                 (devices == Devices::allowed ? " or a block device" : ""));
}

/// Only files can be under fs-verity.
Result<void> require_regular(int fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return system_error("fstat " + path);
  if (S_ISREG(status.st_mode)) return {};
  return invalid("measure " + path + ": a block device is never under fs-verity; use --disks-by hashes");
}

/// One thread for each processor, within reason; one where there is nothing to share.
std::unique_ptr<verity::Crew> make_crew(const measure::DiskReading& reading) {
  constexpr unsigned most = 8;
  const auto processors = std::clamp(std::thread::hardware_concurrency(), 1U, most);
  return std::make_unique<verity::Crew>(measure::wants_crew(reading) ? processors : 1);
}

std::string too_large(const std::string& path, std::uint64_t size, std::uint64_t limit) {
  return "measure " + path + ": it has " + std::to_string(size) + " bytes, at most " + std::to_string(limit) +
         " are read";
}

/// Opens the guest's files into `out`.
class Opener {
 public:
  explicit Opener(OpenGuest& out) : out_(out) {}

  Result<measure::OpenFile> boot_file(const std::string& path) {
    auto fd = IMMURE_TRY(open_image(path, Devices::refused));
    const auto size = IMMURE_TRY(size_of(fd.get(), path));
    if (size > largest_boot_file) return invalid(too_large(path, size, largest_boot_file));
    return keep(std::move(fd), size);
  }

  Result<measure::OpenFile> disk(const policy::DiskRecord& record, const GuestOptions& options) {
    const std::string path(record.path.view());
    const auto limit = options.largest_disk_mib << 20;
    const auto has_tree = record.verity.mount != policy::VerityMount::none;
    auto fd = IMMURE_TRY(open_image(path, Devices::allowed));
    const auto size = IMMURE_TRY(size_of(fd.get(), path));
    auto verity = fs_verity_of(fd.get());
    if (!verity && !has_tree && options.reading.plain == measure::PlainDisks::by_fs_verity) {
      IMMURE_TRY(require_regular(fd.get(), path));
    }
    if (!verity && !has_tree && size > limit) {
      return invalid(too_large(path, size, limit) +
                     "; put it under fs-verity, give it a dm-verity root, or raise --largest-disk (in MiB)");
    }
    auto file = keep(std::move(fd), size);
    file.verity = std::move(verity);
    return file;
  }

 private:
  measure::OpenFile keep(UniqueFd fd, std::uint64_t size) {
    const measure::OpenFile file{.fd = fd.get(), .size = size};
    out_.descriptors.push_back(std::move(fd));
    return file;
  }

  OpenGuest& out_;
};

/// The installed VMM, or the one beside this program in a build directory.
Result<std::string> vmm_path(const GuestOptions& options) {
  if (!options.vmm.empty()) return options.vmm;
  std::string installed = IMMURE_LIBEXECDIR "/immure-vmm";
  if (::access(installed.c_str(), R_OK) == 0) return installed;
  const auto self = IMMURE_TRY(read_link(AT_FDCWD, "/proc/self/exe"));
  return self.substr(0, self.rfind('/') + 1) + "immure-vmm";
}

Result<void> open_files(const GuestOptions& options, OpenGuest& out) {
  Opener opener(out);
  const auto& record = out.record;
  out.files.kernel = IMMURE_TRY(opener.boot_file(std::string(record.kernel.view())));
  if (!record.initrd.empty()) {
    out.files.initrd = IMMURE_TRY(opener.boot_file(std::string(record.initrd.view())));
  }
  out.files.vmm = IMMURE_TRY(opener.boot_file(IMMURE_TRY(vmm_path(options))));
  for (const auto& disk : std::span(record.disks).first(record.disk_count)) {
    // A disk that the guest may write has no digest that lasts: it is recorded as unmeasured.
    auto& slot = out.files.disks.emplace_back();
    if (disk.access == policy::DiskAccess::read_write) continue;
    slot = IMMURE_TRY(opener.disk(disk, options));
  }
  return {};
}

}  // namespace

Expected<OpenGuest> open_guest(const GuestOptions& options) {
  OpenGuest out;
  out.record = IMMURE_TRY(policy::compile_guest_spec(options.spec));
  if (const auto opened = open_files(options, out); !opened) {
    return fail(ExitCode::image_refused, opened.error().message);
  }
  out.reading = options.reading;
  out.crew = make_crew(options.reading);
  out.progress = ProgressBar::on_terminal(measure::bytes_to_read(out.record, out.files, out.reading));
  return out;
}

Expected<std::vector<measure::Event>> measure_open_guest(OpenGuest& guest) {
  auto events = measure::measure_guest(guest.record, guest.files, guest.reading, *guest.crew,
                                       [&guest](std::uint64_t bytes) { guest.progress.advance(bytes); });
  guest.progress.finish();
  if (!events) return fail(ExitCode::image_refused, events.error().message);
  return *std::move(events);
}

}  // namespace immure::attest
