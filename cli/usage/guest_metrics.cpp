#include "cli/usage/guest_metrics.hpp"

#include <array>

#include <fmt/core.h>

#include "cli/usage/exposition.hpp"

namespace immure::cli {
namespace {

using Readings = std::span<const GuestReading>;

void add_state(Exposition& out, Readings readings) {
  out.begin("immure_guest_info", MetricKind::gauge, "Who the guest is; always 1.");
  for (const auto& [guest, at, usage, statistics] : readings) {
    const auto uuid = policy::uuid_text(guest.state.uuid);
    out.add({{"guest", guest.name}, {"uuid", uuid}, {"tenant", guest.state.tenant.view()}}, 1);
  }
  out.begin("immure_guest_state", MetricKind::gauge,
            "1 for the state that the guest is in, 0 for the others.");
  constexpr std::array states{Liveness::starting, Liveness::running, Liveness::paused, Liveness::ending,
                              Liveness::abandoned};
  for (const auto& reading : readings)
    for (const auto state : states)
      out.add({{"guest", reading.guest.name}, {"state", liveness_name(state)}},
              reading.guest.liveness == state ? 1 : 0);
  const auto each = [&](std::string_view name, std::string_view help, auto value) {
    out.begin(name, MetricKind::gauge, help);
    for (const auto& reading : readings) out.add({{"guest", reading.guest.name}}, value(reading.guest.state));
  };
  using State = const policy::GuestState&;
  each("immure_guest_start_time_seconds", "When the guest was started, in seconds since 1970.",
       [](State state) { return state.started_at; });
  each("immure_guest_vcpus", "Virtual CPUs.", [](State state) { return std::uint64_t{state.vcpus}; });
  each("immure_guest_memory_bytes", "Memory that the guest was given.",
       [](State state) { return state.memory_bytes; });
}

void add_usage(Exposition& out, Readings readings) {
  out.begin("immure_guest_cpu_seconds_total", MetricKind::counter, "CPU time of the guest and its VMM.");
  for (const auto& reading : readings)
    if (reading.usage) out.add_usec({{"guest", reading.guest.name}}, reading.usage->cpu_usec);
  const auto each = [&](std::string_view name, MetricKind kind, std::string_view help,
                        std::uint64_t CgroupUsage::* value) {
    out.begin(name, kind, help);
    for (const auto& reading : readings)
      if (reading.usage) out.add({{"guest", reading.guest.name}}, (*reading.usage).*value);
  };
  each("immure_guest_memory_used_bytes", MetricKind::gauge,
       "Memory of the host that is charged to the guest, the page cache of its disks too.",
       &CgroupUsage::memory_bytes);
  each("immure_guest_swap_used_bytes", MetricKind::gauge, "Swap of the host that the guest uses.",
       &CgroupUsage::swap_bytes);
  each("immure_guest_oom_kills_total", MetricKind::counter, "VMMs ended for lack of memory.",
       &CgroupUsage::oom_kills);
}

/// A metric for each counter of the devices of one kind.
template <typename Devices, typename Fields>
void add_devices(Exposition& out, Readings readings, std::string_view kind, std::string_view label,
                 Devices GuestStatistics::* devices, const Fields& fields) {
  for (const auto& field : fields) {
    std::string words(field.name);
    for (auto& c : words)
      if (c == '_') c = ' ';
    out.begin(fmt::format("immure_guest_{}_{}_total", kind, field.name), MetricKind::counter,
              fmt::format("Of the guest's {}: {}.", kind, words));
    for (const auto& reading : readings) {
      if (!reading.statistics) continue;
      for (const auto& device : (*reading.statistics).*devices)
        out.add({{"guest", reading.guest.name}, {label, device.id}}, device.counters.*field.value);
    }
  }
}

void add_exits(Exposition& out, Readings readings) {
  out.begin("immure_guest_vcpu_exits_total", MetricKind::counter,
            "How often a vCPU left the guest for the VMM, by reason.");
  for (const auto& reading : readings) {
    if (!reading.statistics) continue;
    for (std::size_t i = 0; i < reading.statistics->vcpus.size(); ++i) {
      const auto vcpu = std::to_string(i);
      for (const auto& field : policy::vcpu_fields) {
        const std::string_view name(field.name);
        out.add({{"guest", reading.guest.name}, {"vcpu", vcpu}, {"reason", name.substr(0, name.find('_'))}},
                reading.statistics->vcpus[i].*field.value);
      }
    }
  }
}

void add_machine(Exposition& out, Readings readings) {
  const auto each = [&](std::string_view name, MetricKind kind, std::string_view help,
                        std::uint64_t policy::MachineCounters::* value) {
    out.begin(name, kind, help);
    for (const auto& reading : readings)
      if (reading.statistics) out.add({{"guest", reading.guest.name}}, reading.statistics->machine.*value);
  };
  using Machine = policy::MachineCounters;
  each("immure_guest_console_output_bytes_total", MetricKind::counter, "What the guest's consoles put out.",
       &Machine::console_output_bytes);
  each("immure_guest_console_input_bytes_total", MetricKind::counter, "What was typed into them.",
       &Machine::console_input_bytes);
  each("immure_guest_console_dropped_bytes_total", MetricKind::counter, "Output that nobody took.",
       &Machine::console_dropped_bytes);
  each("immure_guest_entropy_bytes_total", MetricKind::counter, "Random bytes that the guest was given.",
       &Machine::entropy_bytes);
  each("immure_guest_balloon_target_bytes", MetricKind::gauge, "Memory that the guest was asked to give up.",
       &Machine::balloon_target_bytes);
  each("immure_guest_balloon_bytes", MetricKind::gauge, "Memory that the guest says that it gave up.",
       &Machine::balloon_bytes);
  out.begin("immure_guest_vmm_uptime_seconds", MetricKind::gauge,
            "Since the VMM was started; a guest that resets itself gets a new one, whose counts begin at 0.");
  for (const auto& reading : readings)
    if (reading.statistics)
      out.add_usec({{"guest", reading.guest.name}}, reading.statistics->machine.uptime_usec);
}

/// What guests with a balloon say of themselves.
void add_guest_memory(Exposition& out, Readings readings) {
  for (const auto& field : policy::guest_memory_fields) {
    const std::string_view name(field.name);
    if (name == "said_usec") continue;
    const bool is_count = name.contains("swapped") || name.contains("faults");
    out.begin(fmt::format("immure_guest_memory_said_{}{}", name, is_count ? "_total" : ""),
              is_count ? MetricKind::counter : MetricKind::gauge,
              "What the guest says of its memory; of when, is in immure_guest_memory_said_age_seconds.");
    for (const auto& reading : readings) {
      if (reading.statistics && reading.statistics->memory)
        out.add({{"guest", reading.guest.name}}, (*reading.statistics->memory).*field.value);
    }
  }
  out.begin("immure_guest_memory_said_age_seconds", MetricKind::gauge, "Since the guest said so.");
  for (const auto& reading : readings) {
    if (!reading.statistics || !reading.statistics->memory) continue;
    const auto now = reading.statistics->machine.uptime_usec;
    out.add_usec({{"guest", reading.guest.name}}, now - std::min(now, reading.statistics->memory->said_usec));
  }
}

}  // namespace

std::string guest_metrics(Readings readings) {
  Exposition out;
  add_state(out, readings);
  add_usage(out, readings);
  add_devices(out, readings, "disk", "disk", &GuestStatistics::disks, policy::disk_fields);
  add_devices(out, readings, "network", "net", &GuestStatistics::nets, policy::net_fields);
  add_exits(out, readings);
  add_machine(out, readings);
  add_guest_memory(out, readings);
  return out.text();
}

}  // namespace immure::cli
