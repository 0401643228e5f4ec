#include "policy/measurement.hpp"

#include <algorithm>
#include <span>
#include <type_traits>

namespace immure::policy {
namespace {

static_assert(std::has_unique_object_representations_v<Measurement>, "a record has no implicit padding");

Result<void> require_item(const Measurement& measurement, const std::string& name, DiskAccess access) {
  const auto* item = item_of(measurement, name);
  if (item == nullptr) return invalid("the measurement lacks " + name);
  if ((item->by == MeasuredBy::writable) != (access == DiskAccess::read_write)) {
    return invalid("the measurement has " + name + " in a way that it cannot be measured");
  }
  return {};
}

Result<void> check_items(const Measurement& measurement) {
  if (measurement.item_count > measurement.items.size()) return invalid("the measurement has too many items");
  for (const auto& item : std::span(measurement.items).first(measurement.item_count)) {
    if (!item.name.is_well_formed() || item.name.empty())
      return invalid("the measurement has an item without a name");
    if (item.by < MeasuredBy::hashes || item.by > MeasuredBy::dm_verity_sha512 || item.reserved != 0) {
      return invalid("the measurement of " + std::string(item.name.view()) + " is malformed");
    }
  }
  return {};
}

}  // namespace

std::vector<std::string> measure_arguments(const AttestationRules& rules,
                                           const std::optional<FsVerity>& kernel,
                                           const std::optional<FsVerity>& initrd) {
  return {"immure-attest", "measure-launch", std::to_string(rules.pcr), std::to_string(rules.nv_index),
          text_of(kernel), text_of(initrd)};
}

std::string_view verity_name(MeasuredBy by) {
  switch (by) {
    case MeasuredBy::fs_verity_sha256:
      return "fs-verity-sha256";
    case MeasuredBy::fs_verity_sha512:
      return "fs-verity-sha512";
    case MeasuredBy::dm_verity_sha256:
      return "dm-verity-sha256";
    case MeasuredBy::dm_verity_sha512:
      return "dm-verity-sha512";
    case MeasuredBy::hashes:
    case MeasuredBy::writable:
      break;
  }
  return {};
}

std::span<const std::uint8_t> verity_digest(const MeasuredItem& item) {
  const auto name = verity_name(item.by);
  if (name.empty()) return {};
  return std::span(item.verity).first(name.ends_with("sha512") ? sha512_bytes : sha256_bytes);
}

const MeasuredItem* item_of(const Measurement& measurement, std::string_view name) {
  const auto items = std::span(measurement.items).first(std::min(measurement.item_count, max_measured_items));
  const auto found = std::ranges::find(items, name, [](const auto& item) { return item.name.view(); });
  return found == items.end() ? nullptr : &*found;
}

Result<void> check(const Measurement& measurement, const GuestRecord& guest) {
  IMMURE_TRY(check_header(measurement, "the measurement"));
  if (!measurement.message.is_well_formed()) return invalid("the measurement has a malformed message");
  IMMURE_TRY(check_items(measurement));
  if (measurement.signer_count > max_measured_signers) {
    return invalid("the measurement is malformed");
  }
  if (measurement.verdict < static_cast<std::int32_t>(ExitCode::success) ||
      measurement.verdict > static_cast<std::int32_t>(ExitCode::bad_log)) {
    return invalid("the measurement has an unknown verdict");
  }
  if (measurement.verdict != static_cast<std::int32_t>(ExitCode::success)) return {};
  IMMURE_TRY(require_item(measurement, "kernel", DiskAccess::read_only));
  IMMURE_TRY(require_item(measurement, "vmm", DiskAccess::read_only));
  if (!guest.initrd.empty()) IMMURE_TRY(require_item(measurement, "initrd", DiskAccess::read_only));
  for (const auto& disk : std::span(guest.disks).first(guest.disk_count)) {
    IMMURE_TRY(require_item(measurement, "disk:" + std::string(disk.id.view()), disk.access));
  }
  if (!guest.manifest.empty() && measurement.signer_count == 0) {
    return invalid("the measurement does not say who signed");
  }
  return {};
}

Result<void> check(const Measurement& measurement, const GuestRecord& guest, const AttestationRules& rules) {
  IMMURE_TRY(check(measurement, guest));
  if (measurement.verdict != static_cast<std::int32_t>(ExitCode::success)) return {};
  if (rules.signature_required == Switch::on && measurement.signer_count == 0) {
    return invalid("the measurement does not say who signed");
  }
  if (!rules.tpm.empty() && (measurement.record_count == 0 || measurement.pcr != rules.pcr ||
                             measurement.nv_index != rules.nv_index)) {
    return invalid("the launch was not recorded in the TPM");
  }
  return {};
}

}  // namespace immure::policy
