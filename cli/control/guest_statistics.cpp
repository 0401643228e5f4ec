#include "cli/control/guest_statistics.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace immure::cli {
namespace {

using nlohmann::json;

std::unexpected<Error> not_statistics(std::string_view what) {
  return invalid("the monitor's statistics have no good \"" + std::string(what) + "\"");
}

template <typename Counters, std::size_t N>
Result<Counters> counters_in(const json& object,
                             const std::array<policy::CounterField<Counters>, N>& fields) {
  Counters out;
  for (const auto& field : fields) {
    const auto found = object.is_object() ? object.find(field.name) : object.end();
    if (found == object.end() || !found->is_number_unsigned()) return not_statistics(field.name);
    out.*field.value = found->template get<std::uint64_t>();
  }
  return out;
}

/// The array of this name, of at most so many elements.
Result<json> list_in(const json& answer, const char* name, std::size_t most) {
  const auto found = answer.find(name);
  if (found == answer.end() || !found->is_array() || found->size() > most) return not_statistics(name);
  return *found;
}

template <typename Devices, typename Fields>
Result<void> read_devices(const json& list, Devices& devices, const Fields& fields) {
  for (const auto& object : list) {
    auto counters = IMMURE_TRY(counters_in(object, fields));
    auto id = object.value("id", json());
    if (!id.is_string() || !policy::is_device_id(id.template get<std::string>())) return not_statistics("id");
    devices.push_back({.id = id.template get<std::string>(), .counters = counters});
  }
  return {};
}

Result<GuestStatistics::Milestone> milestone_in(const json& object) {
  if (!object.is_object()) return not_statistics("boot");
  const auto what = object.value("what", json());
  const auto usec = object.value("usec", json());
  if (!what.is_string() || what.size() != 1 || !usec.is_number_unsigned()) return not_statistics("boot");
  GuestStatistics::Milestone out{.what = what.get<std::string>(), .usec = usec.get<std::uint64_t>()};
  // A kind, or a kind and the name of one of them.
  const std::string_view text(out.what);
  const auto colon = std::min(text.find(':'), text.size());
  if (!policy::is_device_id(text.substr(0, colon))) return not_statistics("what");
  if (colon < text.size() && !policy::is_device_id(text.substr(colon + 1))) return not_statistics("what");
  return out;
}

}  // namespace

Result<GuestStatistics> statistics_in(const json& answer) {
  GuestStatistics out;
  const auto machine = answer.is_object() ? answer.find("machine") : answer.end();
  if (machine == answer.end()) return not_statistics("machine");
  out.machine = IMMURE_TRY(counters_in(*machine, policy::machine_fields));
  if (const auto memory = answer.find("memory"); memory != answer.end() && !memory->is_null())
    out.memory = IMMURE_TRY(counters_in(*memory, policy::guest_memory_fields));
  IMMURE_TRY(
      read_devices(IMMURE_TRY(list_in(answer, "disks", policy::max_disks)), out.disks, policy::disk_fields));
  IMMURE_TRY(
      read_devices(IMMURE_TRY(list_in(answer, "nets", policy::max_nets)), out.nets, policy::net_fields));
  for (const auto& vcpu : IMMURE_TRY(list_in(answer, "vcpus", policy::max_vcpus)))
    out.vcpus.push_back(IMMURE_TRY(counters_in(vcpu, policy::vcpu_fields)));
  constexpr auto most_milestones = policy::max_disks + policy::max_nets + 6;
  for (const auto& object : IMMURE_TRY(list_in(answer, "boot", most_milestones)))
    out.boot.push_back(IMMURE_TRY(milestone_in(object)));
  return out;
}

}  // namespace immure::cli
