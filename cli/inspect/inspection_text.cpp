#include <fmt/core.h>

#include "base/printable.hpp"
#include "cli/inspect/inspection.hpp"
#include "cli/output/style.hpp"
#include "cli/output/table.hpp"
#include "cli/output/units.hpp"

namespace immure::cli {
namespace {

/// One "name  value" line; a value that breaks the promise is marked.
class Sheet {
 public:
  explicit Sheet(Style style) : style_(style) {}

  enum class Verdict { plain, good, bad };
  void line(std::string_view key, std::string_view value, Verdict verdict = Verdict::plain) {
    const auto shown = printable(value);
    text_ += fmt::format("  {:<14} {}\n", key,
                         verdict == Verdict::good  ? style_.good(shown)
                         : verdict == Verdict::bad ? style_.bad(shown + "  (!)")
                                                   : shown);
  }
  void promise(std::string_view key, std::string_view value, bool kept) {
    line(key, value, kept ? Verdict::good : Verdict::bad);
  }
  void heading(std::string_view text) { text_ += style_.bold(text) + "\n"; }
  void block(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      text_ += "  " + std::string(text.substr(0, end)) + "\n";
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  Style style_;
  std::string text_;
};

void show_credentials(Sheet& sheet, const Inspection& inspection) {
  const auto& status = inspection.vmm.status;
  sheet.line("label", inspection.vmm.label.empty() ? "none" : inspection.vmm.label);
  const auto image_label = inspection.image_label.value_or("unknown: the guest has no keeper");
  sheet.line("image label", image_label.empty() ? "none" : image_label);
  sheet.promise("uid, gid", fmt::format("{}, {}", status.uids[1], status.gids[1]),
                status.uids[1] != 0 && status.gids[1] != 0);
  const bool no_caps =
      (status.effective | status.permitted | status.inheritable | status.bounding | status.ambient) == 0;
  sheet.promise("capabilities",
                no_caps ? "none (effective, permitted, inheritable, bounding, ambient)"
                        : fmt::format("eff {:x} prm {:x} inh {:x} bnd {:x} amb {:x}", status.effective,
                                      status.permitted, status.inheritable, status.bounding, status.ambient),
                no_caps);
  sheet.promise("no_new_privs", std::to_string(status.no_new_privs), status.no_new_privs == 1);
  sheet.promise("seccomp", fmt::format("mode {}, {} filters", status.seccomp_mode, status.seccomp_filters),
                status.seccomp_mode == 2);
}

void show_surroundings(Sheet& sheet, const Inspection& inspection) {
  const bool read_only = inspection.root_access == RootAccess::read_only;
  sheet.promise("root",
                fmt::format("{}, {}, {} entries", inspection.root_file_system,
                            read_only ? "read-only" : "writable", inspection.root_entries.size()),
                read_only && inspection.root_entries.empty());
  std::string own;
  std::string shared;
  for (const auto& ns : inspection.namespaces) {
    auto& list = ns.relation == NamespaceView::Relation::own ? own : shared;
    list += (list.empty() ? "" : " ") + ns.kind;
  }
  sheet.line("namespaces", "own: " + own + (shared.empty() ? "" : "; the host's: " + shared));
  sheet.line("cgroup", inspection.cgroup);
  sheet.line("landlock", inspection.guest.state.landlock_abi == 0
                             ? "the kernel has none"
                             : fmt::format("ABI {} (as launched)", inspection.guest.state.landlock_abi));
  sheet.promise("core limit", inspection.core_limit.hard, inspection.core_limit.hard == "0");
}

void show_helper(Sheet& sheet, std::string_view name, const std::optional<ProcessView>& process) {
  if (!process) {
    sheet.line(name, "gone", Sheet::Verdict::bad);
    return;
  }
  sheet.line(name, fmt::format("pid {}, uid {}, {}", process->pid, process->status.uids[1], process->label));
}

std::string digest_text(const FileView& file) {
  if (!file.fs_verity.empty()) return "fs-verity " + file.fs_verity;
  if (!file.dm_verity.empty()) return "dm-verity " + file.dm_verity;
  return file.sha256;
}

std::string file_table(const Inspection& inspection) {
  Table table({"ROLE", "ACCESS", "SHA256", "PATH"});
  for (const auto& file : inspection.files) {
    table.add({file.role, file.access, digest_text(file), printable(file.path)});
  }
  return table.text();
}

std::string net_table(const Inspection& inspection) {
  Table table({"ID", "KIND", "MAC", "INTERFACE, PORTS"});
  for (const auto& net : inspection.networks) {
    auto last = net.interface;
    for (const auto& forward : net.forwards) last += (last.empty() ? "" : " ") + forward;
    table.add({printable(net.id), net.kind, net.mac, printable(last)});
  }
  return table.text();
}

std::string fd_table(const Inspection& inspection) {
  Table table({"FD", "TARGET"});
  for (const auto& fd : inspection.open_fds) table.add({std::to_string(fd.number), printable(fd.target)});
  return table.text();
}

std::string thread_table(const Inspection& inspection) {
  Table table({"TID", "NAME", "SECCOMP", "FILTERS"});
  for (const auto& thread : inspection.threads) {
    table.add({std::to_string(thread.tid), printable(thread.name), std::to_string(thread.seccomp_mode),
               std::to_string(thread.seccomp_filters)});
  }
  return table.text();
}

}  // namespace

std::string inspection_text(const Inspection& inspection) {
  const auto& state = inspection.guest.state;
  Sheet sheet(Style::of(stdout));
  sheet.heading(inspection.guest.name);
  sheet.line("state", liveness_name(inspection.guest.liveness));
  sheet.line("uuid", policy::uuid_text(state.uuid));
  sheet.line("machine", fmt::format("{} vCPUs, {} memory", state.vcpus, human_size(state.memory_bytes)));
  sheet.line("vmm", fmt::format("pid {}, {} resident", inspection.vmm.pid,
                                human_size(inspection.vmm.status.resident_kib << 10)));
  show_helper(sheet, "keeper", inspection.keeper);
  show_helper(sheet, "monitor", inspection.monitor);
  if (state.passt_pid != 0) show_helper(sheet, "passt", inspection.passt);
  sheet.heading("confinement, as the kernel reports it");
  show_credentials(sheet, inspection);
  show_surroundings(sheet, inspection);
  sheet.heading("files");
  sheet.block(file_table(inspection));
  if (!inspection.networks.empty()) {
    sheet.heading("networks");
    sheet.block(net_table(inspection));
  }
  sheet.heading("open file descriptors");
  sheet.block(fd_table(inspection));
  sheet.heading("threads");
  sheet.block(thread_table(inspection));
  return sheet.text();
}

}  // namespace immure::cli
