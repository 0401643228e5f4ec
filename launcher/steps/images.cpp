#include "launcher/steps/images.hpp"

#include <fcntl.h>

#include "base/io.hpp"
#include "policy/vmm_record.hpp"
#include "selinux/contexts.hpp"

namespace immure::launcher {
namespace {

/// Nothing that an image must not be: hard links could bring in a file of somebody else's
/// (fs.protected_hardlinks may be off), a uid of ours would be another guest's.
Result<void> check_image(const struct stat& status, const std::string& path,
                         const policy::HostPolicyRecord& host) {
  const auto mode = status.st_mode;
  if (S_ISREG(mode) && status.st_nlink != 1) return invalid(path + " has more than one hard link");
  if ((mode & (S_ISUID | S_ISGID)) != 0) return invalid(path + " is set-uid or set-gid");
  if ((mode & S_IWOTH) != 0) return invalid(path + " can be written by everybody");
  if (status.st_uid >= host.uid_base && status.st_uid - host.uid_base < host.uid_count) {
    return invalid(path + " belongs to a uid that is kept for guests");
  }
  return {};
}

Result<UniqueFd> copy_sealed(Kernel& kernel, int from, const std::string& name) {
  auto memfd = IMMURE_TRY(kernel.make_memfd(name));
  std::uint64_t total = 0;
  while (const auto n = IMMURE_TRY(kernel.copy(from, memfd.get(), CopyImage::max_bytes + 1 - total))) {
    total += n;
    if (total > CopyImage::max_bytes) return invalid("it is larger than 1 GiB");
  }
  if (total == 0) return invalid("it is empty");
  IMMURE_TRY(kernel.seal(memfd.get()));
  return memfd;
}

}  // namespace

Result<void> CopyImage::apply(Launch& launch) const {
  auto& kernel = launch.kernel;
  const auto file = IMMURE_TRY(kernel.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, Links::refused));
  const auto status = IMMURE_TRY(kernel.status(file.get()));
  if (!S_ISREG(status.st_mode)) return invalid(path + " is not a regular file");
  const auto is_kernel = role == policy::FileRole::kernel;
  auto copied = copy_sealed(kernel, file.get(), is_kernel ? "kernel" : "initrd");
  if (!copied) return with_context("copy " + path, std::move(copied).error());
  (is_kernel ? launch.kernel_image : launch.initrd_image) = *std::move(copied);
  return {};
}

std::string CopyImage::describe() const { return "open " + path + " once and copy it into a sealed memfd"; }

Result<void> OpenDisk::apply(Launch& launch) const {
  auto& kernel = launch.kernel;
  const auto writable = access == policy::DiskAccess::read_write;
  auto file =
      IMMURE_TRY(kernel.open(path, (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY, Links::refused));
  const auto status = IMMURE_TRY(kernel.status(file.get()));
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
    return invalid(path + " is neither a regular file nor a block device");
  }
  IMMURE_TRY(check_image(status, path, launch.host));
  IMMURE_TRY(kernel.make_blocking(file.get()));
  if (auto locked = kernel.lock(file.get(), writable ? LockKind::exclusive : LockKind::shared); !locked) {
    const auto number = locked.error().error_number;
    if (number == EAGAIN || number == EACCES)
      return invalid(path + " is already in use by another guest or program");
    return with_context("lock " + path, std::move(locked).error());
  }
  launch.disks.push_back({std::move(file), path, access});
  return {};
}

std::string OpenDisk::describe() const {
  return "open " + path + " once (" +
         (access == policy::DiskAccess::read_write ? "read-write" : "read-only") + "), check and lock it";
}

Result<void> LabelDisks::apply(Launch& launch) const {
  if (launch.identity.image_label.empty()) return {};
  std::vector<selinux::LabelRequest> alone;
  for (const auto& disk : launch.disks) {
    if (disk.access == policy::DiskAccess::read_write) {
      alone.push_back({disk.fd.get(), disk.path, launch.identity.image_label});
    } else {
      IMMURE_TRY(launch.ledger.label_shared({disk.fd.get(), disk.path, selinux::content_context}));
    }
  }
  return launch.ledger.label_private(alone);
}

std::string LabelDisks::describe() const {
  return "label the disks, read back, after their old labels are in the journal";
}

Result<void> WriteRecord::apply(Launch& launch) const {
  const auto record = policy::make_vmm_record(launch.guest);
  launch.record = IMMURE_TRY(launch.kernel.make_memfd("record"));
  IMMURE_TRY(launch.kernel.write(launch.record.get(), bytes_of(record)));
  return launch.kernel.seal(launch.record.get());
}

std::string WriteRecord::describe() const { return "write the VMM's record into a sealed memfd"; }

}  // namespace immure::launcher
