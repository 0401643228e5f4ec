#include "cli/launch_log/entry_json.hpp"

#include <span>

#include <fmt/core.h>

#include "base/hex.hpp"
#include "base/io.hpp"
#include "base/proc_text.hpp"
#include "cli/failure.hpp"
#include "cli/launch_log/digest.hpp"
#include "policy/seccomp/compiled_filters.hpp"

namespace immure::cli {
namespace {

using Json = nlohmann::ordered_json;
using policy::LaunchEvent;

Json or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

Json disks_of(const policy::GuestRecord& guest) {
  Json out = Json::array();
  for (const auto& disk : std::span(guest.disks).first(guest.disk_count)) {
    const auto writable = disk.access == policy::DiskAccess::read_write;
    out.push_back({{"id", disk.id.view()},
                   {"path", disk.path.view()},
                   {"access", writable ? "read-write" : "read-only"}});
  }
  return out;
}

Json networks_of(const policy::GuestRecord& guest) {
  Json out = Json::array();
  for (const auto& net : std::span(guest.nets).first(guest.net_count)) {
    auto addresses = Json::array();
    for (const auto& address : policy::addresses_of(net)) addresses.push_back(policy::ip_text(address));
    out.push_back({{"id", net.id.view()},
                   {"addresses", std::move(addresses)},
                   {"kind", policy::net_kind_name(net.kind)},
                   {"interface", or_null(net.host.view())},
                   {"mac", policy::mac_text(net.mac)}});
    if (net.kind != policy::NetKind::passt) continue;
    auto forwards = Json::array();
    for (const auto& forward : std::span(net.forwards).first(net.forward_count))
      forwards.push_back(policy::forward_text(forward));
    out.back()["forward"] = std::move(forwards);
  }
  return out;
}

Json pinned_cpus_of(const policy::ResourceRecord& resources) {
  auto cpus = Json::array();
  for (const auto pinned : resources.pinned_cpus) {
    if (pinned != 0) cpus.push_back(pinned - 1);
  }
  return cpus;
}

Json guest_of(const policy::GuestRecord& guest) {
  const auto& resources = guest.resources;
  return {{"kernel", guest.kernel.view()},
          {"initrd", or_null(guest.initrd.view())},
          {"command_line", guest.command_line.view()},
          {"vcpus", guest.vcpus},
          {"memory_bytes", guest.memory_bytes},
          {"memory_merge", resources.memory_merge == policy::Switch::on},
          {"disks", disks_of(guest)},
          {"networks", networks_of(guest)},
          {"resources",
           {{"cpu_weight", resources.cpu_weight},
            {"cpu_quota_percent", resources.cpu_quota_percent},
            {"cpus", or_null(policy::list_text(resources.cpus))},
            {"pinned_cpus", pinned_cpus_of(resources)},
            {"realtime_priority", resources.realtime_priority},
            {"memory_nodes", or_null(policy::list_text(resources.memory_nodes))},
            {"memory_overhead_bytes", resources.memory_overhead},
            {"memory_low_bytes", resources.memory_low},
            {"swap_bytes", resources.swap},
            {"io_weight", resources.io_weight},
            {"pids_max", resources.pids_max}}}};
}

Json confinement_of(const policy::GuestState& state) {
  return {{"label", or_null(state.label.view())},
          {"image_label", or_null(state.image_label.view())},
          {"uid", state.uid},
          {"cgroup", state.cgroup.view()},
          {"landlock_abi", state.landlock_abi},
          {"vmm_pid", state.vmm_pid},
          {"monitor_pid", state.monitor_pid},
          {"passt_pid", state.passt_pid == 0 ? Json(nullptr) : Json(state.passt_pid)},
          {"keeper_pid", state.keeper_pid}};
}

/// SHA-256 of each compiled filter, as the kernel was given it.
Json seccomp_digests() {
  Json out = Json::object();
  for (const auto profile : policy::seccomp::all_profiles) {
    out[policy::seccomp::profile_name(profile)] =
        sha256_text(std::as_bytes(policy::seccomp::compiled_filter(profile)));
  }
  return out;
}

/// "Key:\tvalue" lines that say how a process is confined; the others of a status file say how it fares.
Json status_of(std::string_view text) {
  constexpr std::array keys{"Uid",    "Gid",    "Groups",     "CapInh",  "CapPrm",         "CapEff",
                            "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters"};
  Json out = Json::object();
  for (const std::string key : keys) {
    if (const auto value = field_of(text, key + ":")) out[key] = *value;
  }
  return out;
}

void add_section(Json& out, std::string_view name, std::string_view text) {
  if (name == "status") {
    out[name] = status_of(text);
    return;
  }
  const auto lines = lines_of(text);
  if (name == "attr/current" || name == "cgroup") {
    out[name] = lines.empty() ? Json(nullptr) : Json(lines.front());
    return;
  }
  out[name] = Json::array();
  for (const auto line : lines) out[name].push_back(line);
}

/// The texts of /proc, each under its name.
Json read_back_of(std::string_view text) {
  Json out = Json::object();
  while (text.starts_with("[")) {
    const auto heading = text.substr(0, text.find('\n'));
    const auto next = text.find("\n[", heading.size());
    const auto body =
        text.substr(heading.size(), next == std::string_view::npos ? next : next - heading.size());
    if (heading.ends_with("]")) {
      add_section(out, heading.substr(1, heading.size() - 2), body.substr(body.starts_with('\n') ? 1 : 0));
    }
    text = next == std::string_view::npos ? std::string_view() : text.substr(next + 1);
  }
  return out;
}

/// As docs/launch-log.md lists it; what a file is not known by is left out.
Json item_json(const policy::MeasuredItem& item) {
  Json out{{"name", item.name.view()}};
  switch (item.by) {
    case policy::MeasuredBy::hashes:
      out["sha256"] = to_hex(item.sha256);
      out["sha384"] = to_hex(item.sha384);
      break;
    case policy::MeasuredBy::fs_verity_sha256:
    case policy::MeasuredBy::fs_verity_sha512:
    case policy::MeasuredBy::dm_verity_sha256:
    case policy::MeasuredBy::dm_verity_sha512:
      out[std::string(policy::verity_name(item.by))] = to_hex(policy::verity_digest(item));
      break;
    case policy::MeasuredBy::writable:
      out["unmeasured"] = "writable";
      return out;
  }
  out["size"] = item.size;
  return out;
}

void add_measurement(const policy::Measurement& measurement, Json& out) {
  const auto items = std::span(measurement.items).first(measurement.item_count);
  out["measured"] = !items.empty();
  if (items.empty()) return;
  out["measurements"] = Json::array();
  for (const auto& item : items) out["measurements"].push_back(item_json(item));
  if (measurement.record_count != 0) out["recorded_in_pcr"] = measurement.pcr;
  if (measurement.nv_index != 0) out["recorded_in_nv_index"] = fmt::format("0x{:08x}", measurement.nv_index);
  if (measurement.signer_count == 0) return;
  auto signers = Json::array();
  for (const auto& id : std::span(measurement.signers).first(measurement.signer_count))
    signers.push_back(to_hex(id));
  out["manifest"] = {{"sha256", to_hex(measurement.manifest_sha256)}, {"signed_by", std::move(signers)}};
}

Json times_of(const policy::LaunchTimes& times) {
  Json steps = Json::array();
  for (const auto& step : policy::steps_of(times))
    steps.push_back({{"what", step.what.view()}, {"ended_usec", step.ended_usec}});
  return {{"began_usec", times.began_usec}, {"steps", std::move(steps)}};
}

bool is_start(LaunchEvent event) { return event == LaunchEvent::started || event == LaunchEvent::restarted; }

}  // namespace

Json entry_json(const policy::LaunchEntry& entry, const EntryPlace& place) {
  const auto& state = entry.state;
  Json out{{"version", 1},
           {"sequence", place.sequence},
           {"previous", place.previous},
           {"time", place.time},
           {"event", policy::launch_event_name(entry.event)},
           {"name", state.name.view()},
           {"uuid", policy::uuid_text(state.uuid)},
           {"asked_by", place.asked_by == policy::no_uid ? Json(nullptr) : Json(place.asked_by)}};
  if (!state.tenant.empty()) out["tenant"] = state.tenant.view();
  if (place.after_cut_off) out["after_cut_off"] = true;
  if (is_start(entry.event)) {
    out["guest"] = guest_of(entry.guest);
    out["confinement"] = confinement_of(state);
    out["read_back"] = read_back_of(entry.read_back.view());
    out["seccomp_sha256"] = seccomp_digests();
    add_measurement(entry.measurement, out);
    out["times"] = times_of(entry.times);
    return out;
  }
  out["exit_code"] = entry.exit_code;
  out["exit_code_name"] = exit_code_name(static_cast<ExitCode>(entry.exit_code));
  out["message"] = entry.message.view();
  if (entry.event == LaunchEvent::refused || entry.event == LaunchEvent::failed) {
    out["guest"] = guest_of(entry.guest);
  }
  return out;
}

}  // namespace immure::cli
