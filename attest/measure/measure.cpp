#include "attest/measure/measure.hpp"

#include <cstddef>

#include "attest/measure/configuration.hpp"
#include "attest/measure/disks.hpp"
#include "policy/seccomp/compiled_filters.hpp"

namespace immure::attest::measure {
namespace {

using policy::seccomp::Profile;

/// Those that stand around a guest; `attest` is the verifier's own.
constexpr std::array guest_profiles{Profile::launch, Profile::vmm_control, Profile::vmm_vcpu, Profile::vmm_io,
                                    Profile::monitor};

Result<Event> file_event(std::string name, const OpenFile& file, const Progress& progress) {
  const auto digests =
      file.digests ? Result<Digests>(*file.digests) : digests_of_file(file.fd, file.size, progress);
  if (!digests) return with_context("measure " + name, digests.error());
  return Event{
      .kind = EventKind::code, .name = std::move(name), .fields = digest_fields(*digests, file.size)};
}

Result<Event> bytes_event(std::string name, Bytes bytes) {
  return Event{.kind = EventKind::code,
               .name = std::move(name),
               .fields = digest_fields(IMMURE_TRY(digests_of_bytes(bytes)), bytes.size())};
}

Bytes filter_bytes(policy::seccomp::Filter filter) {
  const auto bytes = std::as_bytes(filter);
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

Event identity(std::string name, std::string value) {
  return {.kind = EventKind::identity, .name = std::move(name), .fields = {{"value", std::move(value)}}};
}

void add_identity(const policy::GuestRecord& record, std::vector<Event>& events) {
  events.push_back(identity("name", std::string(record.name.view())));
  const bool drawn_later = record.uuid == policy::Uuid{};
  events.push_back(identity("uuid", drawn_later ? "drawn-at-launch" : policy::uuid_text(record.uuid)));
  for (std::size_t i = 0; i < record.net_count; ++i) {
    const auto& net = record.nets.at(i);
    events.push_back(identity("net:" + std::string(net.id.view()),
                              policy::mac_text(net.mac) + " " + std::string(net.host.view())));
  }
}

}  // namespace

std::uint64_t bytes_to_read(const policy::GuestRecord& record, const GuestFiles& files,
                            const DiskReading& reading) {
  const auto cost = [](const OpenFile& file) { return file.verity ? 0 : file.size; };
  auto sum = cost(files.kernel) + cost(files.vmm);
  if (files.initrd) sum += cost(*files.initrd);
  for (std::size_t i = 0; i < files.disks.size(); ++i) {
    const auto& disk = files.disks[i];
    const auto has_tree = record.disks.at(i).verity.mount != policy::VerityMount::none;
    if (disk && (!has_tree || reading.trees == TreeReading::all)) sum += has_tree ? disk->size : cost(*disk);
  }
  return sum;
}

Result<std::vector<Event>> measure_guest(const policy::GuestRecord& record, const GuestFiles& files,
                                         const DiskReading& reading, verity::Crew& crew,
                                         const Progress& progress) {
  if (files.disks.size() != record.disk_count || files.initrd.has_value() == record.initrd.empty()) {
    return invalid("measure: the open files are not those of the record");
  }
  std::vector<Event> events;
  events.push_back(IMMURE_TRY(file_event("kernel", files.kernel, progress)));
  if (files.initrd) events.push_back(IMMURE_TRY(file_event("initrd", *files.initrd, progress)));
  events.push_back(IMMURE_TRY(bytes_event("command-line", bytes_of_text(record.command_line.view()))));
  events.push_back(IMMURE_TRY(bytes_event("configuration", bytes_of_text(canonical_configuration(record)))));
  events.push_back(IMMURE_TRY(file_event("vmm", files.vmm, progress)));
  for (const auto profile : guest_profiles) {
    events.push_back(IMMURE_TRY(bytes_event("seccomp:" + std::string(policy::seccomp::profile_name(profile)),
                                            filter_bytes(policy::seccomp::compiled_filter(profile)))));
  }
  DiskMeasurer disks(record, files, reading, crew, progress);
  for (std::uint32_t i = 0; i < record.disk_count; ++i) {
    const auto name = "disk:" + std::string(record.disks.at(i).id.view());
    auto fields = disks.fields_of(i);
    if (!fields) return with_context("measure " + name, fields.error());
    events.push_back({.kind = EventKind::code, .name = name, .fields = *std::move(fields)});
  }
  add_identity(record, events);
  return events;
}

}  // namespace immure::attest::measure
