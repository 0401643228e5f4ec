#include <fcntl.h>

#include "launcher/plan.hpp"

namespace immure::launcher {
namespace {

constexpr std::uint64_t max_image_bytes = 1ULL << 30;

/// Nothing that an image must not be: hard links could bring in a file of somebody else's
/// (fs.protected_hardlinks may be off), a uid of ours would be another guest's.
Result<void> check_disk(const struct stat& status, const std::string& path,
                        const policy::HostPolicyRecord& host) {
  const auto mode = status.st_mode;
  if (!S_ISREG(mode) && !S_ISBLK(mode))
    return invalid(path + " is neither a regular file nor a block device");
  if (S_ISREG(mode) && status.st_nlink != 1) return invalid(path + " has more than one hard link");
  if ((mode & (S_ISUID | S_ISGID)) != 0) return invalid(path + " is set-uid or set-gid");
  if ((mode & S_IWOTH) != 0) return invalid(path + " can be written by everybody");
  if (status.st_uid >= host.uid_base && status.st_uid - host.uid_base < host.uid_count) {
    return invalid(path + " belongs to a uid that is kept for guests");
  }
  return {};
}

Result<SealedCopy> copy_image(Kernel& kernel, const std::string& path, const char* name) {
  const auto file = IMMURE_TRY(kernel.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, Links::refused));
  if (!S_ISREG(IMMURE_TRY(kernel.status(file.get())).st_mode))
    return invalid(path + " is not a regular file");
  auto copy = kernel.copy_sealed(name, file.get(), max_image_bytes);
  if (!copy) return with_context(path, std::move(copy).error());
  return copy;
}

Result<UniqueFd> open_disk(Launch& launch, const policy::DiskRecord& disk) {
  auto& kernel = launch.kernel;
  const std::string path(disk.path.view());
  const auto writable = disk.access == policy::DiskAccess::read_write;
  // O_EXCL claims a block device, so that one which is mounted or part of another is not written under its
  // user's feet; on a file it means nothing (open(2)).
  const auto flags = (writable ? O_RDWR | O_EXCL : O_RDONLY) | O_NONBLOCK | O_NOCTTY;
  auto opened = kernel.open(path, flags, Links::refused);
  if (!opened && opened.error().error_number == EBUSY) return invalid(path + " is already in use");
  auto file = IMMURE_TRY(std::move(opened));
  const auto status = IMMURE_TRY(kernel.status(file.get()));
  IMMURE_TRY(check_disk(status, path, launch.host));
  if (writable && status.st_size > launch.longest_disk) launch.longest_disk = status.st_size;
  IMMURE_TRY(kernel.make_blocking(file.get()));
  auto locked = kernel.lock(file.get(), writable ? LockKind::exclusive : LockKind::shared);
  if (!locked) return with_context(path, std::move(locked).error());
  if (!*locked) return invalid(path + " is already in use");
  return file;
}

}  // namespace

Result<void> copy_images(Launch& launch) {
  const auto& guest = launch.guest;
  launch.kernel_image = IMMURE_TRY(copy_image(launch.kernel, std::string(guest.kernel.view()), "kernel"));
  if (guest.initrd.empty()) return {};
  launch.initrd_image = IMMURE_TRY(copy_image(launch.kernel, std::string(guest.initrd.view()), "initrd"));
  return {};
}

Result<void> open_disks(Launch& launch) {
  for (const auto& disk : std::span(launch.guest.disks).first(launch.guest.disk_count)) {
    launch.disks.push_back(IMMURE_TRY(open_disk(launch, disk)));
  }
  return {};
}

Result<void> label_disks(Launch& launch) {
  if (launch.labels.image.empty()) return {};
  std::vector<selinux::LabelRequest> alone;
  for (std::size_t i = 0; i < launch.disks.size(); ++i) {
    const auto& disk = launch.guest.disks[i];
    selinux::LabelRequest request{launch.disks[i].get(), std::string(disk.path.view()), launch.labels.image};
    if (disk.access == policy::DiskAccess::read_write) {
      alone.push_back(std::move(request));
    } else {
      request.context = selinux::content_context;
      IMMURE_TRY(launch.ledger.contents.acquire(request, launch.ledger.journal));
    }
  }
  return selinux::label_files(alone, launch.ledger.journal);
}

}  // namespace immure::launcher
