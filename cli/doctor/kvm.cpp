#include <array>

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "cli/doctor/finding.hpp"

namespace immure::cli {
namespace {

struct NeededCapability {
  int number;
  const char* name;
};

/// What the VMM is built on (Documentation/virt/kvm/api.rst).
constexpr std::array needed{
    NeededCapability{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
    NeededCapability{KVM_CAP_SPLIT_IRQCHIP, "KVM_CAP_SPLIT_IRQCHIP"},
    NeededCapability{KVM_CAP_IRQFD, "KVM_CAP_IRQFD"},
    NeededCapability{KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD"},
    NeededCapability{KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI"},
    NeededCapability{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
};

constexpr const char* why_kvm = "guests run on the processor's virtualisation, through /dev/kvm";

void examine_capabilities(int kvm, Findings& findings) {
  std::string missing;
  for (const auto& capability : needed) {
    if (::ioctl(kvm, KVM_CHECK_EXTENSION, capability.number) > 0) continue;
    missing += (missing.empty() ? "" : " ") + std::string(capability.name);
  }
  const bool ok = missing.empty();
  findings.push_back({.check = "kvm capabilities",
                      .verdict = ok ? Verdict::ok : Verdict::fail,
                      .found = ok ? "all that the VMM uses" : "missing: " + missing,
                      .why = "the VMM has no fallback for a feature of KVM that is not there",
                      .remedy = ok ? "" : "use Linux 6.1 or later"});
}

}  // namespace

void examine_kvm(Findings& findings) {
  const UniqueFd kvm(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!kvm) {
    const bool denied = errno == EACCES || errno == EPERM;
    findings.push_back({.check = "kvm",
                        .verdict = Verdict::fail,
                        .found = system_error("/dev/kvm").error().message,
                        .why = why_kvm,
                        .remedy = denied
                                      ? "run this as root"
                                      : "enable virtualisation in the firmware, then `modprobe kvm_intel` or "
                                        "`modprobe kvm_amd`"});
    return;
  }
  const int version = ::ioctl(kvm.get(), KVM_GET_API_VERSION, 0);
  const bool ok = version == KVM_API_VERSION;
  findings.push_back({.check = "kvm",
                      .verdict = ok ? Verdict::ok : Verdict::fail,
                      .found = fmt::format("/dev/kvm, API version {}", version),
                      .why = why_kvm,
                      .remedy = ok ? "" : "/dev/kvm is not the KVM of Linux"});
  if (ok) examine_capabilities(kvm.get(), findings);
}

}  // namespace immure::cli
