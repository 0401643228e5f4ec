#include "policy/statistics_message.hpp"

#include <bit>
#include <span>

namespace immure::policy {
namespace {

template <typename Counters, std::size_t N>
bool is_countable(const Counters& counters, const std::array<CounterField<Counters>, N>& fields) {
  for (const auto& field : fields)
    if (counters.*field.value > max_count) return false;
  return true;
}

template <typename Counters, std::size_t Slots, std::size_t N>
Result<void> check_slots(const std::array<Counters, Slots>& slots, std::uint32_t count,
                         const std::array<CounterField<Counters>, N>& fields) {
  if (count > slots.size()) return invalid("statistics: more devices than a guest may have");
  for (const auto& counters : std::span(slots).first(count))
    if (!is_countable(counters, fields)) return invalid("statistics: a count is beyond any that can be");
  for (const auto& counters : std::span(slots).subspan(count))
    if (counters != Counters{}) return invalid("statistics: a count of a device that is not there");
  return {};
}

}  // namespace

Result<void> check(const StatisticsMessage& message) {
  IMMURE_TRY(check_header(message, "statistics"));
  using Times = std::array<std::uint64_t, sizeof(BootTimes) / sizeof(std::uint64_t)>;
  for (const auto time : std::bit_cast<Times>(message.boot))
    if (time > max_count) return invalid("statistics: a time is beyond any that can be");
  if (message.reserved != 0) return invalid("statistics: a reserved field is in use");
  if (!is_countable(message.machine, machine_fields) || !is_countable(message.memory, guest_memory_fields))
    return invalid("statistics: a count is beyond any that can be");
  IMMURE_TRY(check_slots(message.disks, message.disk_count, disk_fields));
  IMMURE_TRY(check_slots(message.nets, message.net_count, net_fields));
  return check_slots(message.vcpus, message.vcpu_count, vcpu_fields);
}

}  // namespace immure::policy
