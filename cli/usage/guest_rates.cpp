#include "cli/usage/guest_rates.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/output/table.hpp"
#include "cli/output/units.hpp"

namespace immure::cli {
namespace {

/// Events of all kinds together.
struct Totals {
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t disk_requests = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t exits = 0;
};

Totals totals_of(const GuestStatistics& statistics) {
  Totals sum;
  for (const auto& [id, disk] : statistics.disks) {
    sum.read_bytes += disk.read_bytes;
    sum.written_bytes += disk.written_bytes;
    sum.disk_requests += disk.reads + disk.writes + disk.flushes + disk.discards;
  }
  for (const auto& [id, net] : statistics.nets) {
    sum.received_bytes += net.received_bytes;
    sum.sent_bytes += net.sent_bytes;
  }
  for (const auto& vcpu : statistics.vcpus)
    for (const auto& field : policy::vcpu_fields) sum.exits += vcpu.*field.value;
  return sum;
}

double per_second(std::uint64_t before, std::uint64_t now, double seconds) {
  return static_cast<double>(now >= before ? now - before : now) / seconds;
}

std::string rate_text(const std::optional<DeviceRates>& rates, double DeviceRates::* value, bool is_size) {
  if (!rates) return "-";
  const auto rate = (*rates).*value;
  return is_size ? human_size(static_cast<std::uint64_t>(rate)) : fmt::format("{:.0f}", rate);
}

std::string size_text(const std::optional<std::uint64_t>& bytes) { return bytes ? human_size(*bytes) : "-"; }

nlohmann::ordered_json rate_json(const std::optional<DeviceRates>& rates, double DeviceRates::* value) {
  return rates ? nlohmann::ordered_json((*rates).*value) : nlohmann::ordered_json(nullptr);
}

template <typename Number>
nlohmann::ordered_json or_null(const std::optional<Number>& number) {
  return number ? nlohmann::ordered_json(*number) : nlohmann::ordered_json(nullptr);
}

}  // namespace

GuestRates rates_between(const GuestReading& before, const GuestReading& now) {
  GuestRates out{.name = now.guest.name, .liveness = now.guest.liveness};
  const auto seconds = std::chrono::duration<double>(now.at - before.at).count();
  if (now.usage) out.memory_bytes = now.usage->memory_bytes;
  if (seconds <= 0) return out;
  if (before.usage && now.usage)
    out.cpu_percent = per_second(before.usage->cpu_usec, now.usage->cpu_usec, seconds) / 10'000;
  if (!before.statistics || !now.statistics) return out;
  // A fresh VMM counts from 0, all its counts at once.
  const bool is_fresh = now.statistics->machine.uptime_usec < before.statistics->machine.uptime_usec;
  const auto from = is_fresh ? Totals{} : totals_of(*before.statistics);
  const auto to = totals_of(*now.statistics);
  out.devices = DeviceRates{.read_bytes = per_second(from.read_bytes, to.read_bytes, seconds),
                            .written_bytes = per_second(from.written_bytes, to.written_bytes, seconds),
                            .disk_requests = per_second(from.disk_requests, to.disk_requests, seconds),
                            .received_bytes = per_second(from.received_bytes, to.received_bytes, seconds),
                            .sent_bytes = per_second(from.sent_bytes, to.sent_bytes, seconds),
                            .exits = per_second(from.exits, to.exits, seconds)};
  return out;
}

std::vector<GuestRates> rates_between(std::span<const GuestReading> before,
                                      std::span<const GuestReading> now) {
  std::vector<GuestRates> out;
  for (const auto& reading : now) {
    const auto earlier = std::ranges::find_if(before, [&](const GuestReading& each) {
      return each.guest.name == reading.guest.name && each.guest.state.uuid == reading.guest.state.uuid &&
             each.guest.state.started_at == reading.guest.state.started_at;
    });
    if (earlier != before.end()) out.push_back(rates_between(*earlier, reading));
  }
  std::ranges::sort(out, [](const GuestRates& a, const GuestRates& b) {
    const auto key = [](const GuestRates& guest) {
      return std::tuple(-guest.cpu_percent.value_or(0), guest.name);
    };
    return key(a) < key(b);
  });
  return out;
}

std::string rates_table(std::span<const GuestRates> guests, const Style& style) {
  Table table({"NAME", "STATE", "CPU%", "MEMORY", "BESIDE", "READ/s", "WRITTEN/s", "IO/s", "RECEIVED/s",
               "SENT/s", "EXITS/s"});
  for (const auto& guest : guests) {
    const auto& devices = guest.devices;
    table.add(
        {guest.name, std::string(liveness_name(guest.liveness)),
         guest.cpu_percent ? fmt::format("{:.1f}", *guest.cpu_percent) : "-", size_text(guest.memory_bytes),
         size_text(guest.beside_bytes), rate_text(devices, &DeviceRates::read_bytes, true),
         rate_text(devices, &DeviceRates::written_bytes, true),
         rate_text(devices, &DeviceRates::disk_requests, false),
         rate_text(devices, &DeviceRates::received_bytes, true),
         rate_text(devices, &DeviceRates::sent_bytes, true), rate_text(devices, &DeviceRates::exits, false)});
  }
  // The table measures its columns in bytes: colour comes afterwards.
  const auto text = table.text();
  const auto heading = text.find('\n');
  return style.bold(text.substr(0, heading)) + text.substr(heading);
}

std::string rates_json(std::span<const GuestRates> guests) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& guest : guests) {
    const auto& devices = guest.devices;
    list.push_back({{"name", guest.name},
                    {"state", liveness_name(guest.liveness)},
                    {"cpu_percent", or_null(guest.cpu_percent)},
                    {"memory_bytes", or_null(guest.memory_bytes)},
                    {"beside_bytes", or_null(guest.beside_bytes)},
                    {"read_bytes_per_second", rate_json(devices, &DeviceRates::read_bytes)},
                    {"written_bytes_per_second", rate_json(devices, &DeviceRates::written_bytes)},
                    {"disk_requests_per_second", rate_json(devices, &DeviceRates::disk_requests)},
                    {"received_bytes_per_second", rate_json(devices, &DeviceRates::received_bytes)},
                    {"sent_bytes_per_second", rate_json(devices, &DeviceRates::sent_bytes)},
                    {"exits_per_second", rate_json(devices, &DeviceRates::exits)}});
  }
  return list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace immure::cli
