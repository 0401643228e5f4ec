#include <cstdlib>

#include <libaudit.h>

#include "launcher/plan.hpp"

namespace immure::launcher {
namespace {

/// name="value", or unquoted hex where the value has a space, a quote or a control character.
std::string field_of(const char* name, std::string_view value) {
  char* encoded = ::audit_encode_nv_string(name, value.data(), static_cast<unsigned>(value.size()));
  std::string text = encoded != nullptr ? encoded : "";
  std::free(encoded);
  return text;
}

std::string guest_of(const Launch& launch) {
  return field_of("vm", launch.guest.name.view()) + " uuid=" + launch.ledger.journal.owner();
}

Result<void> audit_resource(Launch& launch, const std::string& kind, const std::string& rest) {
  return launch.kernel.audit(AUDIT_VIRT_RESOURCE,
                             "virt=kvm resrc=" + kind + " " + guest_of(launch) + " " + rest);
}

}  // namespace

Result<void> audit_guest(Launch& launch) {
  const auto& labels = launch.labels;
  if (!labels.vmm.empty()) {
    IMMURE_TRY(launch.kernel.audit(AUDIT_VIRT_MACHINE_ID, "virt=kvm " + guest_of(launch) +
                                                              " vm-ctx=" + labels.vmm +
                                                              " img-ctx=" + labels.image + " model=selinux"));
  }
  for (const auto& disk : std::span(launch.guest.disks).first(launch.guest.disk_count)) {
    IMMURE_TRY(audit_resource(launch, "disk reason=start",
                              "old-disk=\"?\" " + field_of("new-disk", disk.path.view())));
  }
  for (const auto& net : std::span(launch.guest.nets).first(launch.guest.net_count)) {
    IMMURE_TRY(audit_resource(launch, "net reason=start",
                              "old-net=\"?\" " + field_of("new-net", policy::mac_text(net.mac))));
  }
  IMMURE_TRY(audit_resource(launch, "mem reason=start",
                            "old-mem=0 new-mem=" + std::to_string(launch.guest.memory_bytes >> 10)));
  IMMURE_TRY(audit_resource(launch, "vcpu reason=start",
                            "old-vcpu=0 new-vcpu=" + std::to_string(launch.guest.vcpus)));
  return audit_resource(launch, "cgroup reason=allow",
                        field_of("cgroup", launch.cgroup.path("vmm")) + " class=path " +
                            field_of("path", "/dev/kvm") + " rdev=0A:E8 acl=rw");
}

Result<void> audit_start(Launch& launch) {
  return launch.kernel.audit(AUDIT_VIRT_CONTROL, "virt=kvm op=start reason=booted " + guest_of(launch) +
                                                     " vm-pid=" + std::to_string(launch.vmm.pid) +
                                                     " record=" + launch.log_digest);
}

Result<void> audit_stop(Launch& launch, std::string_view reason) {
  return launch.kernel.audit(AUDIT_VIRT_CONTROL, "virt=kvm op=stop reason=" + std::string(reason) + " " +
                                                     guest_of(launch) + " vm-pid=0");
}

}  // namespace immure::launcher
