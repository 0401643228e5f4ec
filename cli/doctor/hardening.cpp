// What hardening guides for hosts of virtual machines ask beside our own needs: none of it keeps a guest from
// starting, each weakens a promise.
#include <array>
#include <filesystem>

#include <fmt/core.h>

#include "base/proc_text.hpp"
#include "cli/doctor/finding.hpp"
#include "cli/doctor/host_file.hpp"

namespace immure::cli {
namespace {

/// A file of the kernel and the values in it that are good.
struct Setting {
  const char* check;
  const char* path;
  std::array<std::string_view, 4> good;
  const char* why;
  const char* remedy;
};

// Documentation/admin-guide/sysctl/kernel.rst and vm.rst.
constexpr std::array settings{
    Setting{"unprivileged userfaultfd",
            "/proc/sys/vm/unprivileged_userfaultfd",
            {"0"},
            "it lets a process hold the kernel at a page fault, which makes races in it easy to win",
            "sysctl -w vm.unprivileged_userfaultfd=0"},
    Setting{"io_uring",
            "/proc/sys/kernel/io_uring_disabled",
            {"1", "2"},
            "processes that do not need it reach a large part of the kernel through it",
            "sysctl -w kernel.io_uring_disabled=1, where nothing on this host needs it"},
    Setting{"unprivileged bpf",
            "/proc/sys/kernel/unprivileged_bpf_disabled",
            {"1", "2"},
            "programs of anybody in the kernel are a way to its memory, and a help for side channels",
            "sysctl -w kernel.unprivileged_bpf_disabled=1"},
    Setting{"kernel pointers",
            "/proc/sys/kernel/kptr_restrict",
            {"1", "2"},
            "addresses of the kernel help whoever attacks it",
            "sysctl -w kernel.kptr_restrict=1"},
    Setting{"kernel log",
            "/proc/sys/kernel/dmesg_restrict",
            {"1"},
            "the kernel's log has addresses and what other tenants did",
            "sysctl -w kernel.dmesg_restrict=1"},
    Setting{"hard links",
            "/proc/sys/fs/protected_hardlinks",
            {"1"},
            "without it a user makes a link to a file of somebody else's where images are looked for",
            "sysctl -w fs.protected_hardlinks=1"},
};

Finding finding(std::string check, Verdict verdict, std::string found, std::string why, std::string remedy) {
  return {.check = std::move(check),
          .verdict = verdict,
          .found = std::move(found),
          .why = std::move(why),
          .remedy = verdict == Verdict::ok ? "" : std::move(remedy)};
}

Finding examine(const Setting& setting, const std::string& root) {
  const auto value = host_file(root + setting.path);
  // A kernel without the setting is without the thing, or is older than the guide.
  if (!value) return finding(setting.check, Verdict::ok, "the kernel has no such setting", setting.why, "");
  bool good = false;
  for (const auto each : setting.good) good = good || (!each.empty() && *value == each);
  return finding(setting.check, good ? Verdict::ok : Verdict::warn,
                 fmt::format("{} is {}", setting.path, *value), setting.why, setting.remedy);
}

/// A parameter of the KVM module that is loaded, whichever that is.
std::optional<std::string> kvm_parameter(const std::string& root, const char* name) {
  for (const auto* module : {"kvm_intel", "kvm_amd", "kvm"}) {
    if (auto value = host_file(fmt::format("{}/sys/module/{}/parameters/{}", root, module, name)))
      return value;
  }
  return std::nullopt;
}

Finding examine_nested(const std::string& root) {
  const auto nested = kvm_parameter(root, "nested").value_or("0");
  const bool on = nested == "1" || nested == "Y";
  return finding("nested virtualisation", on ? Verdict::warn : Verdict::ok, on ? "on" : "off",
                 "a guest that may run guests reaches the most intricate part of KVM",
                 "options kvm_intel nested=0 (or kvm_amd) in /etc/modprobe.d");
}

Finding examine_huge_pages(const std::string& root) {
  const auto mitigation =
      host_file(root + "/sys/devices/system/cpu/vulnerabilities/itlb_multihit").value_or("");
  const auto value = kvm_parameter(root, "nx_huge_pages").value_or("unknown");
  const bool affected = !mitigation.empty() && !mitigation.starts_with("Not affected");
  const bool bad = affected && (value == "N" || value == "never" || value == "off");
  return finding("nx huge pages", bad ? Verdict::warn : Verdict::ok,
                 affected ? "nx_huge_pages is " + value : "the processor needs them not",
                 "on some processors a guest stops the whole host through executable huge pages",
                 "options kvm nx_huge_pages=auto in /etc/modprobe.d");
}

Finding examine_microcode(const std::string& root) {
  const auto info = host_file(root + "/proc/cpuinfo").value_or("");
  const auto revision = field_of(info, "microcode").value_or(": unknown");
  const bool known = revision != ": unknown" && revision.find("0xffffffff") == std::string::npos;
  return finding("microcode", known ? Verdict::ok : Verdict::warn,
                 "revision" + revision.substr(revision.starts_with(":") ? 1 : 0),
                 "fixes of the processor's leaks come in its microcode",
                 "install intel-microcode or amd64-microcode; in a virtual machine it is the host's to do");
}

Finding examine_iommu(const std::string& root) {
  std::error_code error;
  const auto units = std::filesystem::directory_iterator(root + "/sys/class/iommu", error);
  const bool on = !error && units != std::filesystem::directory_iterator();
  return finding("iommu", on ? Verdict::ok : Verdict::warn, on ? "on" : "none",
                 "without it a device, or its firmware, writes where it likes in the host's memory",
                 "enable VT-d or AMD-Vi in the firmware; intel_iommu=on on the kernel command line");
}

Finding examine_lockdown(const std::string& root) {
  const auto modes = host_file(root + "/sys/kernel/security/lockdown").value_or("");
  const bool on =
      modes.find("[integrity]") != std::string::npos || modes.find("[confidentiality]") != std::string::npos;
  return finding("kernel lockdown", on ? Verdict::ok : Verdict::warn, modes.empty() ? "not there" : modes,
                 "with it even root cannot change the running kernel, so that its walls stay what they are",
                 "lockdown=integrity on the kernel command line, or secure boot");
}

}  // namespace

void examine_hardening(Findings& findings, const std::string& root) {
  findings.push_back(examine_nested(root));
  findings.push_back(examine_huge_pages(root));
  findings.push_back(examine_microcode(root));
  findings.push_back(examine_iommu(root));
  findings.push_back(examine_lockdown(root));
  for (const auto& setting : settings) findings.push_back(examine(setting, root));
}

}  // namespace immure::cli
