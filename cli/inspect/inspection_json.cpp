#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/inspect/inspection.hpp"
#include "cli/output/units.hpp"

namespace immure::cli {
namespace {

using Json = nlohmann::ordered_json;

/// As /proc/PID/status shows them: 16 hexadecimal digits.
std::string mask(std::uint64_t value) { return fmt::format("{:016x}", value); }

Json capabilities(const ProcessStatus& status) {
  return {{"effective", mask(status.effective)},
          {"permitted", mask(status.permitted)},
          {"inheritable", mask(status.inheritable)},
          {"bounding", mask(status.bounding)},
          {"ambient", mask(status.ambient)}};
}

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

Json helper(const std::optional<ProcessView>& process) {
  if (!process) return nullptr;
  return {{"pid", process->pid},
          {"label", process->label},
          {"uid", process->status.uids[1]},
          {"gid", process->status.gids[1]},
          {"capabilities", capabilities(process->status)},
          {"no_new_privs", process->status.no_new_privs},
          {"seccomp", {{"mode", process->status.seccomp_mode}, {"filters", process->status.seccomp_filters}}},
          {"resident_kib", process->status.resident_kib}};
}

Json namespaces(const Inspection& inspection) {
  Json out = Json::object();
  for (const auto& ns : inspection.namespaces) out[ns.kind] = ns.name;
  return out;
}

Json host_namespaces(const Inspection& inspection) {
  Json out = Json::array();
  for (const auto& ns : inspection.namespaces) {
    if (ns.relation == NamespaceView::Relation::shared_with_host) out.push_back(ns.kind);
  }
  return out;
}

Json files(const Inspection& inspection) {
  Json out = Json::array();
  for (const auto& file : inspection.files) {
    out.push_back({{"path", file.path},
                   {"role", file.role},
                   {"access", file.access},
                   {"label", or_null(file.label)},
                   {"sha256", file.sha256},
                   {"fs_verity", file.fs_verity.empty() ? Json(nullptr) : Json(file.fs_verity)},
                   {"dm_verity", file.dm_verity.empty() ? Json(nullptr) : Json(file.dm_verity)}});
  }
  return out;
}

Json networks(const Inspection& inspection) {
  Json out = Json::array();
  for (const auto& net : inspection.networks) {
    out.push_back({{"id", net.id},
                   {"kind", net.kind},
                   {"interface", net.interface.empty() ? Json(nullptr) : Json(net.interface)},
                   {"mac", net.mac}});
    if (net.kind == "passt") out.back()["forward"] = net.forwards;
  }
  return out;
}

Json open_fds(const Inspection& inspection) {
  Json out = Json::array();
  for (const auto& fd : inspection.open_fds) out.push_back({{"fd", fd.number}, {"target", fd.target}});
  return out;
}

Json threads(const Inspection& inspection) {
  Json out = Json::array();
  for (const auto& thread : inspection.threads) {
    out.push_back({{"tid", thread.tid},
                   {"name", thread.name},
                   {"seccomp", thread.seccomp_mode},
                   {"filters", thread.seccomp_filters}});
  }
  return out;
}

Json limit(const LimitText& text) { return {{"soft", text.soft}, {"hard", text.hard}}; }

}  // namespace

std::string inspection_json(const Inspection& inspection) {
  const auto& state = inspection.guest.state;
  const auto& status = inspection.vmm.status;
  const Json out{
      {"name", inspection.guest.name},
      {"uuid", policy::uuid_text(state.uuid)},
      {"state", liveness_name(inspection.guest.liveness)},
      {"started_at", state.started_at},
      {"vcpus", state.vcpus},
      {"memory_bytes", state.memory_bytes},
      {"vmm_pid", inspection.vmm.pid},
      {"label", inspection.vmm.label},
      {"image_label", or_null(inspection.image_label)},
      {"uid", status.uids[1]},
      {"gid", status.gids[1]},
      {"uids", status.uids},
      {"gids", status.gids},
      {"groups", status.groups},
      {"capabilities", capabilities(status)},
      {"no_new_privs", status.no_new_privs},
      {"seccomp", {{"mode", status.seccomp_mode}, {"filters", status.seccomp_filters}}},
      {"namespaces", namespaces(inspection)},
      {"namespaces_of_host", host_namespaces(inspection)},
      {"cgroup", inspection.cgroup},
      {"root_entries", inspection.root_entries},
      {"root",
       {{"read_only", inspection.root_access == RootAccess::read_only},
        {"file_system", inspection.root_file_system}}},
      {"open_fds", open_fds(inspection)},
      // The kernel does not show a process's Landlock domain: this is what the launcher applied.
      {"landlock", {{"abi", state.landlock_abi}, {"source", "launcher"}}},
      {"files", files(inspection)},
      {"networks", networks(inspection)},
      {"rlimits",
       {{"core", limit(inspection.core_limit)}, {"memlock", limit(inspection.locked_memory_limit)}}},
      {"threads", threads(inspection)},
      {"resident_kib", status.resident_kib},
      {"keeper", helper(inspection.keeper)},
      {"monitor", helper(inspection.monitor)},
      {"passt", helper(inspection.passt)},
  };
  // Paths are bytes: what is no UTF-8 is shown as U+FFFD rather than thrown over.
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace immure::cli
