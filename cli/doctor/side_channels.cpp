#include <filesystem>

#include <fmt/core.h>

#include "base/proc_text.hpp"
#include "cli/doctor/finding.hpp"
#include "cli/doctor/host_file.hpp"

namespace immure::cli {
namespace {

Finding finding(std::string check, Verdict verdict, std::string found, std::string why, std::string remedy) {
  return {.check = std::move(check),
          .verdict = verdict,
          .found = std::move(found),
          .why = std::move(why),
          .remedy = verdict == Verdict::ok ? "" : std::move(remedy)};
}

Finding examine_swap() {
  const auto swaps = host_file("/proc/swaps").value_or("");
  const auto count = lines_of(swaps).size();
  const bool on = count > 1;  // The first line is the heading.
  return finding("swap", on ? Verdict::warn : Verdict::ok, on ? fmt::format("{} in use", count - 1) : "none",
                 "guest memory that is swapped out lies on the disk after the guest is gone",
                 "swapoff -a, or encrypt it with a key of one boot");
}

Finding examine_smt() {
  const bool on = host_file("/sys/devices/system/cpu/smt/active") == "1";
  return finding("smt", on ? Verdict::warn : Verdict::ok, on ? "two guests may share a core" : "off",
                 "threads of one core share caches and buffers that leak between them",
                 "echo off > /sys/devices/system/cpu/smt/control, or nosmt on the kernel command line");
}

Finding examine_ksm() {
  const auto run = host_file("/sys/kernel/mm/ksm/run").value_or("0");
  const bool on = run == "1";
  return finding("ksm", on ? Verdict::warn : Verdict::ok, on ? "merges equal pages" : "off",
                 "merged pages tell one guest by timing what another has in memory, and ease rowhammer",
                 "echo 2 > /sys/kernel/mm/ksm/run");
}

Finding examine_vulnerabilities() {
  std::string open;
  std::error_code error;
  const std::filesystem::directory_iterator entries("/sys/devices/system/cpu/vulnerabilities", error);
  if (error) {
    return finding("cpu vulnerabilities", Verdict::warn, "the kernel does not say", "unknown is not safe",
                   "use a kernel that reports them");
  }
  for (const auto& entry : entries) {
    const auto state = host_file(entry.path().string()).value_or("");
    // "KVM: Vulnerable" and "Mitigation: ...; SMT vulnerable" count as well: the latter is the SMT check's.
    if (state.find("Vulnerable") == std::string::npos) continue;
    open += (open.empty() ? "" : " ") + entry.path().filename().string();
  }
  return finding("cpu vulnerabilities", open.empty() ? Verdict::ok : Verdict::warn,
                 open.empty() ? "none open" : "open: " + open,
                 "a guest may read memory of the host or of another guest through the processor",
                 "update the microcode and the kernel; do not boot with mitigations=off");
}

}  // namespace

void examine_side_channels(Findings& findings) {
  findings.push_back(examine_swap());
  findings.push_back(examine_smt());
  findings.push_back(examine_ksm());
  findings.push_back(examine_vulnerabilities());
}

}  // namespace immure::cli
