#include "monitor/guest_service.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "monitor/guest_interface_text.hpp"
#include "monitor/varlink_call.hpp"

namespace immure::monitor {
namespace {

using nlohmann::json;
using policy::ControlKind;

constexpr std::string_view service_interface = "org.varlink.service";
constexpr std::string_view guest_interface = "io.immure.Guest";

/// As varlink.org has it.
constexpr std::string_view service_interface_text =
    R"(# Every varlink service describes itself by this interface.
interface org.varlink.service

method GetInfo() -> (
  vendor: string,
  product: string,
  version: string,
  url: string,
  interfaces: []string
)

method GetInterfaceDescription(interface: string) -> (description: string)

error InterfaceNotFound (interface: string)
error MethodNotFound (method: string)
error MethodNotImplemented (method: string)
error InvalidParameter (parameter: string)
error PermissionDenied ()
error ExpectedMore ()
)";

std::string service_error(std::string_view error, const json& parameters = json::object()) {
  return error_text(std::string(service_interface) + "." + std::string(error), parameters);
}
std::string invalid_parameter(std::string_view parameter) {
  return service_error("InvalidParameter", {{"parameter", parameter}});
}
std::string guest_error(std::string_view error, const json& parameters = json::object()) {
  return error_text(std::string(guest_interface) + "." + std::string(error), parameters);
}

/// A name that is not among these, or nothing.
std::optional<std::string> stranger_in(const json& object, std::span<const std::string_view> names) {
  for (const auto& [name, value] : object.items())
    if (name.empty() || std::ranges::find(names, name) == names.end()) return name;
  return std::nullopt;
}

std::optional<std::string> string_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return *found->get_ptr<const json::string_t*>();
}

std::optional<std::uint64_t> count_of(const json& object, std::string_view name) {
  const auto found = object.find(name);
  // The parser makes a number unsigned unless it has a sign or a point.
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return *found->get_ptr<const json::number_unsigned_t*>();
}

json limit_json(const policy::RateLimit& limit) {
  auto out = json::object();
  for (const auto& field : policy::rate_limit_fields) out[std::string(field.name)] = limit.*field.value;
  return out;
}

/// "disk:root" for the VMM's "disk root": a blank would have to be quoted at every shell.
std::string device_text(const policy::LimitChange& change) {
  std::string text(change.device.view());
  std::ranges::replace(text, ' ', ':');
  return text;
}

template <typename Devices>
json ids_of(const Devices& devices, std::uint32_t count) {
  auto ids = json::array();
  for (const auto& device : std::span(devices).first(count)) ids.push_back(device.id.view());
  return ids;
}

template <typename Counters, std::size_t N>
json counters_json(const Counters& counters, const std::array<policy::CounterField<Counters>, N>& fields) {
  auto out = json::object();
  for (const auto& field : fields) out[field.name] = counters.*field.value;
  return out;
}

std::string get_info() {
  return reply_text({{"vendor", "immure"},
                     {"product", "immure"},
                     {"version", IMMURE_VERSION},
                     {"url", "https://varlink.org/Interface-Definition"},
                     {"interfaces", {service_interface, guest_interface}}});
}

std::string get_interface_description(const json& parameters) {
  const auto name = string_of(parameters, "interface");
  if (!name) return invalid_parameter("interface");
  if (*name == service_interface) return reply_text({{"description", service_interface_text}});
  if (*name == guest_interface) return reply_text({{"description", guest_interface_text}});
  return service_error("InterfaceNotFound", {{"interface", *name}});
}

std::string get_state(const GuestFacts& facts) {
  constexpr std::array<const char*, 3> phases{"starting", "running", "ended"};
  const auto& record = facts.record;
  return reply_text({{"state", phases.at(static_cast<std::size_t>(facts.phase))},
                     {"starts", facts.starts},
                     {"vcpus", record.vcpus},
                     {"memory_bytes", record.memory_bytes},
                     {"balloon", record.balloon == policy::Switch::on},
                     {"disks", ids_of(record.disks, record.disk_count)},
                     {"nets", ids_of(record.nets, record.net_count)}});
}

Decision set_balloon(const json& parameters, const GuestFacts& facts) {
  const auto bytes = count_of(parameters, "bytes");
  if (!bytes || *bytes > facts.record.memory_bytes) return invalid_parameter("bytes");
  return VmmRequest{.kind = ControlKind::balloon, .value = *bytes};
}

Decision set_limit(const json& parameters) {
  auto device = string_of(parameters, "device");
  if (!device) return invalid_parameter("device");
  std::ranges::replace(*device, ':', ' ');
  const auto name = BoundedString<32>::from(*device, "device");
  if (!name || !name->is_well_formed()) return invalid_parameter("device");
  const auto limit = parameters.find("limit");
  if (limit == parameters.end() || !limit->is_object()) return invalid_parameter("limit");
  std::array<std::string_view, policy::rate_limit_fields.size()> names;
  std::ranges::transform(policy::rate_limit_fields, names.begin(), &policy::RateLimitField::name);
  if (const auto stranger = stranger_in(*limit, names)) return invalid_parameter("limit." + *stranger);
  VmmRequest request{.kind = ControlKind::limit, .limit = {.device = *name}};
  auto& rate = request.limit.limit;
  for (const auto& field : policy::rate_limit_fields) {
    const auto count = count_of(*limit, field.name);
    if (!count) return invalid_parameter("limit." + std::string(field.name));
    rate.*field.value = *count;
  }
  if (!policy::check(rate, "limit")) return invalid_parameter("limit");
  return request;
}

/// What a method does, and the parameters that it knows, empty where there are fewer.
struct Method {
  std::string_view name;
  std::array<std::string_view, 2> parameters;
  Decision (*decide)(const VarlinkCall& call, const GuestFacts& facts);
};

const std::array<Method, 9>& methods() {
  using Call = const VarlinkCall&;
  using Facts = const GuestFacts&;
  static const std::array<Method, 9> all{{
      {"org.varlink.service.GetInfo", {}, [](Call, Facts) -> Decision { return get_info(); }},
      {"org.varlink.service.GetInterfaceDescription",
       {"interface"},
       [](Call call, Facts) -> Decision { return get_interface_description(call.parameters); }},
      {"io.immure.Guest.GetState", {}, [](Call, Facts facts) -> Decision { return get_state(facts); }},
      {"io.immure.Guest.GetStatistics",
       {},
       [](Call, Facts) -> Decision { return VmmRequest{.kind = ControlKind::statistics}; }},
      {"io.immure.Guest.PowerButton",
       {},
       [](Call, Facts) -> Decision { return VmmRequest{.kind = ControlKind::power_button}; }},
      {"io.immure.Guest.Reset",
       {},
       [](Call, Facts) -> Decision { return VmmRequest{.kind = ControlKind::reset}; }},
      {"io.immure.Guest.SetBalloon",
       {"bytes"},
       [](Call call, Facts facts) { return set_balloon(call.parameters, facts); }},
      {"io.immure.Guest.SetLimit",
       {"device", "limit"},
       [](Call call, Facts) { return set_limit(call.parameters); }},
      {"io.immure.Guest.Subscribe",
       {},
       [](Call call, Facts) -> Decision {
         if (!call.wants_more || call.is_oneway) return service_error("ExpectedMore");
         return Subscription{};
       }},
  }};
  return all;
}

std::string unknown_method(const std::string& method) {
  const auto dot = method.rfind('.');
  const auto interface = method.substr(0, dot == method.npos ? 0 : dot);
  if (interface != service_interface && interface != guest_interface)
    return service_error("InterfaceNotFound", {{"interface", interface}});
  return service_error("MethodNotFound", {{"method", method}});
}

/// What happened so far, in the order of the machine's parts.
json milestones(const policy::StatisticsMessage& statistics, const policy::VmmRecord& record) {
  auto out = json::array();
  const auto add = [&](const std::string& what, std::uint64_t usec) {
    if (usec != 0) out.push_back({{"what", what}, {"usec", usec}});
  };
  const auto& boot = statistics.boot;
  add("machine", boot.machine);
  add("guest", boot.guest);
  add("console", boot.console);
  add("balloon", boot.balloon);
  add("vsock", boot.vsock);
  add("rng", boot.entropy);
  for (std::uint32_t i = 0; i < statistics.disk_count; ++i)
    add("disk:" + std::string(record.disks.at(i).id.view()), boot.disks.at(i));
  for (std::uint32_t i = 0; i < statistics.net_count; ++i)
    add("net:" + std::string(record.nets.at(i).id.view()), boot.nets.at(i));
  return out;
}

std::string statistics_text(const policy::StatisticsMessage& statistics, const policy::VmmRecord& record) {
  const auto devices_json = [](const auto& ids, const auto& counters, std::uint32_t count,
                               const auto& fields) {
    auto out = json::array();
    for (std::uint32_t i = 0; i < count; ++i) {
      out.push_back(counters_json(counters.at(i), fields));
      out.back()["id"] = ids.at(i).id.view();
    }
    return out;
  };
  auto vcpus = json::array();
  for (const auto& vcpu : std::span(statistics.vcpus).first(statistics.vcpu_count))
    vcpus.push_back(counters_json(vcpu, policy::vcpu_fields));
  json parameters{
      {"machine", counters_json(statistics.machine, policy::machine_fields)},
      {"disks", devices_json(record.disks, statistics.disks, statistics.disk_count, policy::disk_fields)},
      {"nets", devices_json(record.nets, statistics.nets, statistics.net_count, policy::net_fields)},
      {"vcpus", vcpus},
      {"boot", milestones(statistics, record)}};
  if (statistics.memory.said_usec != 0)
    parameters["memory"] = counters_json(statistics.memory, policy::guest_memory_fields);
  return reply_text(parameters);
}

std::string event(json parameters, const char* what) {
  parameters["what"] = what;
  return reply_text({{"event", parameters}}, Replies::continue_);
}

}  // namespace

Decision decide(const VarlinkCall& call, const GuestFacts& facts) {
  const auto found = std::ranges::find(methods(), std::string_view(call.method), &Method::name);
  if (found == methods().end()) return unknown_method(call.method);
  if (call.wants_upgrade) return service_error("MethodNotImplemented", {{"method", call.method}});
  if (const auto stranger = stranger_in(call.parameters, found->parameters))
    return invalid_parameter(*stranger);
  return found->decide(call, facts);
}

std::string answer_text(const VmmRequest& request, std::int32_t result,
                        const policy::StatisticsMessage* statistics, const GuestFacts& facts) {
  if (statistics != nullptr) return statistics_text(*statistics, facts.record);
  if (result == 0) return reply_text(json::object());
  if (result == ETIMEDOUT) return guest_error("VmmSilent");
  if (result == EBUSY || result == EAGAIN) return guest_error("TooMany");
  if (result == ENODEV && request.kind == ControlKind::balloon) return guest_error("NoBalloon");
  if (result == ENODEV && request.kind == ControlKind::limit)
    return guest_error("NoSuchDevice", {{"device", device_text(request.limit)}});
  return guest_error("Refused", {{"reason", std::strerror(result)}});
}

std::string subscribed_text() { return event(json::object(), "subscribed"); }
std::string started_text() { return event(json::object(), "started"); }

std::string ended_text(policy::EndCause cause) {
  const char* name = "failure";
  if (cause == policy::EndCause::powered_off) name = "powered_off";
  if (cause == policy::EndCause::reset) name = "reset";
  if (cause == policy::EndCause::panic) name = "panic";
  if (cause == policy::EndCause::watchdog) name = "watchdog";
  return event({{"cause", name}}, "ended");
}

std::optional<std::string> event_text(const VmmRequest& request) {
  switch (request.kind) {
    case ControlKind::power_button:
      return event(json::object(), "power_button");
    case ControlKind::reset:
      return event(json::object(), "reset");
    case ControlKind::balloon:
      return event({{"bytes", request.value}}, "balloon");
    case ControlKind::limit:
      return event({{"device", device_text(request.limit)}, {"limit", limit_json(request.limit.limit)}},
                   "limit");
    default:
      return std::nullopt;
  }
}

}  // namespace immure::monitor
