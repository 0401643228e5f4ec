#include "cli/inspect/inspection.hpp"

#include <cerrno>
#include <charconv>
#include <span>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/hex.hpp"
#include "base/proc_text.hpp"
#include "cli/inspect/file_digest.hpp"
#include "cli/inspect/labels.hpp"
#include "cli/proc/process_directory.hpp"
#include "policy/fd_layout.hpp"

namespace immure::cli {
namespace {

using policy::DiskAccess;
using policy::FileRole;
using policy::GuestFile;

int to_int(std::string_view text) {
  int value = -1;
  (void)std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string_view role_name(FileRole role) {
  switch (role) {
    case FileRole::kernel:
      return "kernel";
    case FileRole::initrd:
      return "initrd";
    case FileRole::disk:
      return "disk";
    case FileRole::vmm:
      return "vmm";
  }
  return "unknown";
}

Result<ProcessView> view(const ProcessDirectory& process) {
  ProcessView out{.pid = process.pid(), .label = {}, .status = {}};
  out.label = IMMURE_TRY(label_of_process(process));
  out.status = IMMURE_TRY(parse_status(IMMURE_TRY(process.read("status"))));
  return out;
}

Result<std::vector<NamespaceView>> namespaces_of(const ProcessDirectory& process) {
  const auto self = IMMURE_TRY(ProcessDirectory::open(1));
  std::vector<NamespaceView> out;
  for (const std::string kind : {"mnt", "pid", "net", "ipc", "uts", "cgroup", "user", "time"}) {
    auto name = process.link("ns/" + kind);
    if (!name) continue;  // A kernel without this kind.
    const bool same = self.link("ns/" + kind).value_or("") == *name;
    out.push_back(
        {.kind = kind,
         .name = std::move(*name),
         .relation = same ? NamespaceView::Relation::shared_with_host : NamespaceView::Relation::own});
  }
  return out;
}

std::string file_system_name(int fd) {
  struct statfs info{};
  if (::fstatfs(fd, &info) != 0) return "unknown";
  constexpr long tmpfs_magic = 0x01021994;  // linux/magic.h
  return info.f_type == tmpfs_magic ? "tmpfs" : fmt::format("{:#x}", info.f_type);
}

Result<void> look_at_root(const ProcessDirectory& process, Inspection& out) {
  const auto root = IMMURE_TRY(process.open_at("root", O_RDONLY | O_DIRECTORY));
  out.root_entries = IMMURE_TRY(process.list("root"));
  struct statvfs info{};
  if (::fstatvfs(root.get(), &info) != 0) return system_error("fstatvfs the VMM's root");
  out.root_access = (info.f_flag & ST_RDONLY) != 0 ? RootAccess::read_only : RootAccess::writable;
  out.root_file_system = file_system_name(root.get());
  return {};
}

Result<std::vector<OpenFd>> open_fds_of(const ProcessDirectory& process) {
  std::vector<OpenFd> out;
  for (const auto& number : IMMURE_TRY(process.list("fd"))) {
    out.push_back({.number = to_int(number), .target = process.link("fd/" + number).value_or("?")});
  }
  return out;
}

Result<std::vector<ThreadView>> threads_of(const ProcessDirectory& process) {
  std::vector<ThreadView> out;
  for (const auto& tid : IMMURE_TRY(process.list("task"))) {
    const auto text = process.read("task/" + tid + "/status");
    if (!text) continue;  // It ended meanwhile.
    const auto status = IMMURE_TRY(parse_status(*text));
    out.push_back({.tid = to_int(tid),
                   .name = status.name,
                   .seccomp_mode = status.seccomp_mode,
                   .seccomp_filters = status.seccomp_filters});
  }
  return out;
}

/// As it was measured at the launch: a disk is too big to hash here.
void add_measured(const policy::MeasuredItem& item, FileView& out) {
  if (item.by == policy::MeasuredBy::hashes) out.sha256 = to_hex(item.sha256);
  const auto name = policy::verity_name(item.by);
  if (name.empty()) return;
  constexpr std::string_view fs = "fs-verity-";
  constexpr std::string_view dm = "dm-verity-";
  auto& text = name.starts_with(fs) ? out.fs_verity : out.dm_verity;
  text = std::string(name.substr(name.starts_with(fs) ? fs.size() : dm.size())) + ":" +
         to_hex(policy::verity_digest(item));
}

/// Kernel, initrd and the VMM's program are hashed as they are now.
Result<FileView> look_at_file(const GuestFile& file, const ProcessDirectory* keeper) {
  FileView out{.path = std::string(file.path.view()),
               .role = std::string(role_name(file.role)),
               .access = file.access == DiskAccess::read_write ? "read-write" : "read-only",
               .label = std::nullopt,
               .sha256 = "unmeasured"};
  add_measured(file.measured, out);
  // Without its keeper (an abandoned guest) nobody but the VMM holds the file.
  if (keeper == nullptr || file.keeper_fd < 0) return out;
  const auto place = fmt::format("fd/{}", file.keeper_fd);
  out.label = IMMURE_TRY(label_of_process_file(*keeper, place));
  if (file.role != FileRole::disk) out.sha256 = IMMURE_TRY(sha256_of_process_file(*keeper, place));
  return out;
}

/// The interface is in the fdinfo of a tap: tun_chr_show_fdinfo() in drivers/net/tun.c.
Result<NetView> look_at_net(const policy::GuestNet& net, std::size_t index, const ProcessDirectory& vmm) {
  NetView out{.id = std::string(net.id.view()),
              .kind = std::string(policy::net_kind_name(net.kind)),
              .interface = "",
              .mac = policy::mac_text(net.mac)};
  if (net.kind == policy::NetKind::passt) {
    for (std::size_t i = 0; i < net.forward_count && i < net.forwards.size(); ++i)
      out.forwards.push_back(policy::forward_text(net.forwards.at(i)));
    return out;
  }
  const auto number = policy::vmm_fd::first_net + static_cast<int>(index);
  const auto info = IMMURE_TRY(vmm.read(fmt::format("fdinfo/{}", number)));
  out.interface = field_of(info, "iff:").value_or("unknown");
  return out;
}

/// The program that the VMM runs, by the file that the kernel started.
Result<FileView> look_at_program(const ProcessDirectory& vmm) {
  return FileView{.path = IMMURE_TRY(vmm.link("exe")),
                  .role = std::string(role_name(FileRole::vmm)),
                  .access = "read-only",
                  .label = IMMURE_TRY(label_of_process_file(vmm, "exe")),
                  .sha256 = IMMURE_TRY(sha256_of_process_file(vmm, "exe"))};
}

/// Nothing where a disk's label is not known, so that no other file's stands in for it.
std::optional<std::string> image_label_in(const std::vector<FileView>& files) {
  std::string first;
  for (const auto& file : files) {
    if (file.role != "disk") continue;
    if (!file.label) return std::nullopt;
    if (file.access == "read-write" && !file.label->empty()) return file.label;
    if (first.empty()) first = *file.label;
  }
  return first;
}

/// Nothing where the process is gone.
Result<std::optional<ProcessView>> view_if_there(const Result<ProcessDirectory>& process) {
  if (!process) return std::nullopt;
  // One that nobody has waited for yet is gone, too.
  const auto status = process->read("status");
  if (status && field_of(*status, "State:").value_or("").starts_with('Z')) return std::nullopt;
  auto seen = view(*process);
  if (seen) return std::move(*seen);
  const auto error_number = seen.error().error_number;
  if (error_number == ESRCH || error_number == ENOENT) return std::nullopt;
  return std::unexpected(std::move(seen).error());
}

Result<void> look_at_limits(const ProcessDirectory& vmm, Inspection& out) {
  const auto limits = IMMURE_TRY(vmm.read("limits"));
  out.core_limit = IMMURE_TRY(limit_in(limits, "Max core file size"));
  out.locked_memory_limit = IMMURE_TRY(limit_in(limits, "Max locked memory"));
  return {};
}

Result<Inspection> look(KnownGuest guest, const ProcessDirectory& vmm) {
  Inspection out{.guest = std::move(guest), .vmm = IMMURE_TRY(view(vmm))};
  const auto& state = out.guest.state;
  const auto keeper = ProcessDirectory::open(state.keeper_pid, state.keeper_start_ticks);
  out.namespaces = IMMURE_TRY(namespaces_of(vmm));
  out.cgroup = cgroup_in(IMMURE_TRY(vmm.read("cgroup")));
  IMMURE_TRY(look_at_root(vmm, out));
  out.open_fds = IMMURE_TRY(open_fds_of(vmm));
  IMMURE_TRY(look_at_limits(vmm, out));
  out.threads = IMMURE_TRY(threads_of(vmm));
  for (const auto& file : std::span(state.files).first(state.file_count)) {
    out.files.push_back(IMMURE_TRY(look_at_file(file, keeper ? &*keeper : nullptr)));
  }
  out.files.push_back(IMMURE_TRY(look_at_program(vmm)));
  for (std::size_t i = 0; i < state.net_count; ++i) {
    out.networks.push_back(IMMURE_TRY(look_at_net(state.nets[i], i, vmm)));
  }
  out.image_label = image_label_in(out.files);
  out.keeper = IMMURE_TRY(view_if_there(keeper));
  out.monitor = IMMURE_TRY(view_if_there(ProcessDirectory::open(state.monitor_pid)));
  if (state.passt_pid != 0) out.passt = IMMURE_TRY(view_if_there(ProcessDirectory::open(state.passt_pid)));
  return out;
}

}  // namespace

Expected<Inspection> inspect_guest(std::string_view name) {
  auto guest = IMMURE_TRY(find_guest(name));
  const auto vmm = ProcessDirectory::open(guest.state.vmm_pid, guest.state.vmm_start_ticks);
  if (!vmm) {
    return fail(ExitCode::no_such_guest,
                fmt::format("inspect {}: it is {}: no VMM runs", name, liveness_name(guest.liveness)));
  }
  const auto ticks = guest.state.vmm_start_ticks;
  auto seen = look(std::move(guest), *vmm);
  if (seen) return std::move(*seen);
  // What could not be read may be gone because the guest is: half of a picture would be a wrong one.
  if (start_ticks_of(vmm->pid()) != ticks) {
    return fail(ExitCode::no_such_guest, fmt::format("inspect {}: it ended meanwhile", name));
  }
  return fail(ExitCode::failure, fmt::format("inspect {}: {}", name, seen.error().message));
}

}  // namespace immure::cli
