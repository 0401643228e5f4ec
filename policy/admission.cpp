#include "policy/admission.hpp"

#include <algorithm>
#include <span>

namespace immure::policy {
namespace {

std::string is(const std::string& key, std::string_view value) { return key + " is " + std::string(value); }
std::string is_quoted(const std::string& key, std::string_view value) {
  return key + " is \"" + std::string(value) + "\"";
}

Verdict at_most(const char* rule, const std::string& key, std::uint64_t asked, std::uint64_t limit,
                const char* unit = "") {
  return {rule, is(key, std::to_string(asked) + unit), "at most " + std::to_string(limit) + unit,
          asked <= limit};
}

template <typename Text>
std::string listed(std::span<const Text> texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "" : ", ") + std::string(text.view());
  return list;
}

/// True where `path` lies below `directory`: both are in normal form, so a prefix at a '/' decides.
bool lies_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

Verdict below(const char* rule, const std::string& key, const HostPath& path,
              std::span<const HostPath> directories, bool anywhere) {
  const auto passed = anywhere || std::ranges::any_of(directories, [&](const HostPath& directory) {
                        return lies_below(path.view(), directory.view());
                      });
  return {rule, is_quoted(key, path.view()),
          anywhere              ? "anywhere"
          : directories.empty() ? "nowhere"
                                : "below " + listed(directories),
          passed};
}

void add_paths(std::vector<Verdict>& verdicts, const GuestRecord& guest, const HostPolicyRecord& host) {
  constexpr const char* rule = "images.directories";
  const auto readable = std::span<const HostPath>(host.image_directories).first(host.image_directory_count);
  // The owner may keep images where he likes; a tenant has what is named.
  const auto anywhere = readable.empty() && host.tenant.name.empty();
  verdicts.push_back(below(rule, "boot.kernel", guest.kernel, readable, anywhere));
  if (!guest.initrd.empty()) verdicts.push_back(below(rule, "boot.initrd", guest.initrd, readable, anywhere));
  if (!guest.manifest.empty()) {
    verdicts.push_back(below(rule, "boot.manifest", guest.manifest, readable, anywhere));
  }
  const auto own = std::span<const HostPath>(host.tenant.directories).first(host.tenant.directory_count);
  for (std::uint32_t i = 0; i < guest.disk_count; ++i) {
    const auto& disk = guest.disks[i];
    const auto key = "disks[" + std::to_string(i) + "].path";
    // What a tenant writes to must be his own.
    if (disk.access == DiskAccess::read_write && !host.tenant.name.empty()) {
      verdicts.push_back(below("tenants.directories", key, disk.path, own, false));
    } else {
      verdicts.push_back(below(rule, key, disk.path, readable, anywhere));
    }
  }
}

/// Which addresses of the host lead to the guest: one verdict for each port.
void add_forwards(std::vector<Verdict>& verdicts, const NetRecord& net, const std::string& key,
                  const HostPolicyRecord& host) {
  const auto allowed = std::span(host.forward_addresses).first(host.forward_address_count);
  std::string list;
  for (const auto& address : allowed) list += (list.empty() ? "" : ", ") + ip_text(address);
  for (std::uint32_t i = 0; i < net.forward_count; ++i) {
    const auto& forward = net.forwards[i];
    verdicts.push_back({"networks.forward_addresses",
                        is_quoted(key + ".forward[" + std::to_string(i) + "]", forward_text(forward)),
                        list.empty() ? "no address of the host" : "ports of " + list,
                        std::ranges::find(allowed, forward.address) != allowed.end()});
  }
}

/// Default deny: whatever connects a guest to the world is named by the host's owner.
Verdict of_net(const NetRecord& net, const std::string& key, const HostPolicyRecord& host) {
  if (net.kind == NetKind::passt) {
    const auto passed = host.passt == Switch::on;
    return {"networks.passt", is(key + ".passt", "true"),
            passed ? "networks through passt" : "no network through passt", passed};
  }
  const bool is_tap = net.kind == NetKind::tap;
  const auto allowed = is_tap ? std::span<const InterfaceName>(host.taps).first(host.tap_count)
                              : std::span<const InterfaceName>(host.bridges).first(host.bridge_count);
  return {is_tap ? "networks.taps" : "networks.bridges",
          is_quoted(key + (is_tap ? ".tap" : ".bridge"), net.host.view()),
          allowed.empty() ? "none" : listed(allowed), std::ranges::find(allowed, net.host) != allowed.end()};
}

/// The kernel reads the guest's rings there, not a program that is walled in: its owner has to want that.
void add_vhost(std::vector<Verdict>& verdicts, const NetRecord& net, const std::string& key,
               const HostPolicyRecord& host) {
  if (net.vhost == Switch::off) return;
  const auto passed = host.vhost == Switch::on;
  verdicts.push_back({"networks.vhost", is(key + ".vhost", "true"),
                      passed ? "networks through vhost-net" : "no network through vhost-net", passed});
}

/// What a guest does not say of itself cannot be held against what it sends.
void add_addresses(std::vector<Verdict>& verdicts, const GuestRecord& guest, const HostPolicyRecord& host) {
  const auto anywhere = host.addresses.empty();
  if (host.addresses_required == Switch::off && anywhere) return;
  const auto* const rule = anywhere ? "networks.require_addresses" : "networks.addresses";
  const auto allowed = anywhere ? "any, but named" : host.addresses.text();
  for (std::uint32_t i = 0; i < guest.net_count; ++i) {
    const auto key = "nets[" + std::to_string(i) + "].addresses";
    const auto own = addresses_of(guest.nets[i]);
    if (!has_tap(guest.nets[i])) continue;
    if (own.empty()) verdicts.push_back({rule, key + " is missing", allowed, false});
    for (const auto& address : own) {
      verdicts.push_back(
          {rule, key + " has " + ip_text(address), allowed, anywhere || host.addresses.contains(address)});
    }
  }
}

void add_cpus(std::vector<Verdict>& verdicts, const ResourceRecord& asked, const HostPolicyRecord& host) {
  auto cpus = asked.cpus;
  for (const auto pinned : asked.pinned_cpus) {
    if (pinned != 0) cpus.add(pinned - 1U);
  }
  if (cpus.empty()) return;
  const auto allowed = host.cpus.empty() ? std::string("all") : list_text(host.cpus);
  verdicts.push_back({"cpus.allowed", is("resources.cpus with cpu.pinning", list_text(cpus)), allowed,
                      host.cpus.empty() || cpus.is_within(host.cpus)});
}

/// A manifest counts where the host's owner says whose; one that nobody would look at is a mistake.
void add_signature(std::vector<Verdict>& verdicts, const GuestRecord& guest, const AttestationRules& rules) {
  const auto is_signed = !guest.manifest.empty();
  if (rules.signature_required == Switch::on) {
    verdicts.push_back(
        {"attestation.require_signature",
         is_signed ? is_quoted("boot.manifest", guest.manifest.view()) : "boot.manifest is missing",
         "signed guests only: see `immure sign`", is_signed});
  } else if (is_signed) {
    verdicts.push_back({"attestation.signers", is_quoted("boot.manifest", guest.manifest.view()),
                        rules.signers.empty() ? "nobody's signature" : "those of its signers",
                        !rules.signers.empty()});
  }
}

}  // namespace

std::vector<Verdict> evaluate(const GuestRecord& guest, const HostPolicyRecord& host) {
  std::vector<Verdict> verdicts;
  const auto& tenant = host.tenant;
  if (!host.requester.empty()) {
    const auto whose =
        tenant.name.empty() ? std::string() : " for tenant \"" + std::string(tenant.name.view()) + "\"";
    verdicts.push_back({"tenants", is_quoted("the user who asks" + whose, host.requester.view()),
                        "owners, and users and groups of tenants", host.requester_allowed == Switch::on});
  }
  if (!tenant.name.empty() && !tenant.guest_names.empty()) {
    verdicts.push_back({"tenants.guest_names", is_quoted("name", guest.name.view()),
                        "names that begin with \"" + std::string(tenant.guest_names.view()) + "\"",
                        guest.name.view().starts_with(tenant.guest_names.view())});
  }
  verdicts.push_back(at_most("limits.vcpus", "cpu.count", guest.vcpus, host.max_vcpus));
  verdicts.push_back(
      at_most("limits.memory", "memory.size", guest.memory_bytes, host.max_memory_bytes, " bytes"));
  verdicts.push_back(
      at_most("limits.swap", "resources.swap", guest.resources.swap, host.max_swap_bytes, " bytes"));
  verdicts.push_back(at_most("limits.realtime_priority", "cpu.realtime_priority",
                             guest.resources.realtime_priority, host.max_realtime_priority));
  if (guest.resources.memory_merge == Switch::on) {
    const auto allowed = host.memory_merge_allowed == Switch::on;
    verdicts.push_back(
        {"limits.memory_merge", is("memory.merge", "true"), allowed ? "true or false" : "false", allowed});
  }
  add_cpus(verdicts, guest.resources, host);
  add_paths(verdicts, guest, host);
  add_signature(verdicts, guest, host.attestation);
  for (std::uint32_t i = 0; i < guest.net_count; ++i) {
    const auto key = "nets[" + std::to_string(i) + "]";
    verdicts.push_back(of_net(guest.nets[i], key, host));
    add_vhost(verdicts, guest.nets[i], key, host);
    add_forwards(verdicts, guest.nets[i], key, host);
  }
  add_addresses(verdicts, guest, host);
  return verdicts;
}

std::vector<Verdict> evaluate_share(std::uint64_t guests, const Share& tenants,
                                    const HostPolicyRecord& host) {
  std::vector<Verdict> verdicts{at_most("limits.guests", "the number of guests", guests, host.max_guests)};
  const auto& tenant = host.tenant;
  if (tenant.name.empty()) return verdicts;
  const auto of = "the tenant's number of ";
  verdicts.push_back(
      at_most("tenants.guests", of + std::string("guests"), tenants.guests, tenant.max_guests));
  verdicts.push_back(
      at_most("tenants.total_vcpus", of + std::string("vCPUs"), tenants.vcpus, tenant.max_total_vcpus));
  verdicts.push_back(at_most("tenants.total_memory", "the tenant's memory", tenants.memory_bytes,
                             tenant.max_total_memory, " bytes"));
  return verdicts;
}

Result<void> require(const std::vector<Verdict>& verdicts) {
  for (const auto& verdict : verdicts) {
    if (verdict.passed) continue;
    return invalid(verdict.asked + ", the host policy allows " + verdict.allowed + " (" + verdict.rule + ")");
  }
  return {};
}

}  // namespace immure::policy
