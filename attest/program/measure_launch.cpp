#include "attest/program/measure_launch.hpp"

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

#include "attest/manifest/verify.hpp"
#include "attest/measure/digest_cache.hpp"
#include "attest/measure/measure.hpp"
#include "attest/program/check_output.hpp"
#include "attest/program/confine.hpp"
#include "attest/program/launch_recorder.hpp"
#include "attest/program/manifest_inputs.hpp"
#include "attest/program/open_file.hpp"
#include "attest/program/time_option.hpp"
#include "base/fs_verity.hpp"
#include "base/io.hpp"
#include "base/sealed_memfd.hpp"
#include "policy/measurement.hpp"

namespace immure::attest {
namespace {

namespace fd = policy::measure_fd;

Result<measure::OpenFile> given_file(int descriptor, const std::string& name) {
  return measure::OpenFile{.fd = descriptor, .size = IMMURE_TRY(size_of(descriptor, name))};
}

Result<measure::GuestFiles> given_files(const policy::GuestRecord& guest) {
  measure::GuestFiles files;
  files.kernel = IMMURE_TRY(given_file(fd::kernel, "the kernel"));
  if (!guest.initrd.empty()) files.initrd = IMMURE_TRY(given_file(fd::initrd, "the initrd"));
  files.vmm = IMMURE_TRY(given_file(fd::vmm, "the VMM"));
  for (std::uint32_t i = 0; i < guest.disk_count; ++i) {
    auto& slot = files.disks.emplace_back();
    const auto& disk = guest.disks.at(i);
    if (disk.access == policy::DiskAccess::read_write) continue;
    slot = IMMURE_TRY(given_file(fd::first_disk + static_cast<int>(i), std::string(disk.path.view())));
    slot->verity = fs_verity_of(slot->fd);
  }
  return files;
}

/// Those of a boot file under fs-verity, which are hashed once in a boot.
Result<void> know_digests(measure::OpenFile& file, const std::optional<FsVerity>& key,
                          measure::DigestCache& cache) {
  if (!key) return {};
  file.digests = cache.find(*key, file.size);
  if (file.digests) return {};
  file.digests = IMMURE_TRY(measure::digests_of_file(file.fd, file.size, [](std::uint64_t) {}));
  cache.add(*key, file.size, *file.digests);
  return {};
}

/// The value of a field that is a digest, in its place; a field that is not there leaves it zero.
void copy_digest(const measure::Event& event, std::string_view key, std::span<std::uint8_t> into) {
  const auto bytes = from_hex(event.field(key).value_or(""));
  if (bytes && bytes->size() <= into.size()) std::ranges::copy(*bytes, into.begin());
}

Result<policy::MeasuredItem> item_of(const measure::Event& event) {
  policy::MeasuredItem item;
  item.name = IMMURE_TRY(decltype(item.name)::from(event.name, "an event's name"));
  item.by = policy::MeasuredBy::writable;
  if (event.field("sha256")) item.by = policy::MeasuredBy::hashes;
  using enum policy::MeasuredBy;
  for (const auto by : {fs_verity_sha256, fs_verity_sha512, dm_verity_sha256, dm_verity_sha512}) {
    if (!event.field(policy::verity_name(by))) continue;
    item.by = by;
    copy_digest(event, policy::verity_name(by), item.verity);
  }
  copy_digest(event, "sha256", item.sha256);
  copy_digest(event, "sha384", item.sha384);
  if (const auto size = event.field("size")) item.size = std::stoull(std::string(*size));
  return item;
}

Result<void> add_items(const std::vector<measure::Event>& events, policy::Measurement& out) {
  for (const auto& event : events) {
    if (event.kind != measure::EventKind::code) continue;
    if (out.item_count == out.items.size()) return invalid("the launch has too many events");
    out.items.at(out.item_count++) = IMMURE_TRY(item_of(event));
  }
  return {};
}

/// Every check that did not pass, as far as one line goes.
std::string why_refused(const CheckList& checks) {
  std::string out;
  for (const auto& check : checks.all()) {
    if (check.result == CheckResult::pass) continue;
    out += (out.empty() ? "" : "; ") + check.name + ": " + check.detail;
  }
  return out;
}

Expected<void> ask_manifest(const ManifestInputs& inputs, std::string_view path,
                            const std::vector<measure::Event>& events, policy::Measurement& out) {
  auto question = IMMURE_TRY(read_manifest_inputs(inputs));
  question.at = IMMURE_TRY(time_option("", ""));
  question.measured = events;
  const auto answer = manifest::verify_manifest(question);
  if (const auto code = exit_code_of(answer.checks); code != ExitCode::success) {
    return fail(code, "this guest may not be started: manifest " + std::string(path) + ": " +
                          why_refused(answer.checks));
  }
  for (const auto& id : answer.signed_by) {
    if (out.signer_count == out.signers.size()) break;
    std::ranges::copy(from_hex(id).value_or(ByteVector()), out.signers.at(out.signer_count++).begin());
  }
  std::ranges::copy(answer.payload_sha256, out.manifest_sha256.begin());
  return {};
}

bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

/// As the launcher gave them, with the names that messages call them by.
Expected<ManifestInputs> given_inputs(const policy::GuestRecord& guest) {
  ManifestInputs inputs;
  inputs.manifest =
      IMMURE_TRY(input_of_descriptor(fd::manifest, std::string(guest.manifest.view()), largest_manifest));
  inputs.keys_name = "attestation.signers of the host policy";
  inputs.keys.files.push_back(
      IMMURE_TRY(input_of_descriptor(fd::signers, inputs.keys_name, largest_key_file)));
  if (is_open(fd::revoked)) {
    inputs.revoked = IMMURE_TRY(
        input_of_descriptor(fd::revoked, "attestation.revoked of the host policy", largest_revocations));
  }
  return inputs;
}

/// The cache is closed again before anything is looked at that has a structure.
Result<void> know_boot_files(measure::GuestFiles& files, const LaunchErrand& errand,
                             const std::optional<FsVerity>& vmm) {
  measure::DigestCache cache{UniqueFd(fd::digests)};
  IMMURE_TRY(know_digests(files.kernel, errand.kernel, cache));
  if (files.initrd) IMMURE_TRY(know_digests(*files.initrd, errand.initrd, cache));
  return know_digests(files.vmm, vmm, cache);
}

Expected<void> measure_into(const policy::GuestRecord& guest, const LaunchErrand& errand,
                            policy::Measurement& out) {
  auto files = given_files(guest);
  if (!files) return fail(ExitCode::image_refused, files.error().message);
  std::optional<ManifestInputs> inputs;
  if (!guest.manifest.empty()) inputs = IMMURE_TRY(given_inputs(guest));
  std::optional<LaunchRecorder> recorder;
  if (is_open(fd::tpm)) recorder = IMMURE_TRY(open_recorder(UniqueFd(fd::tpm), UniqueFd(fd::log)));
  const auto vmm_verity = fs_verity_of(fd::vmm);
  IMMURE_TRY(confine());
  if (const auto known = know_boot_files(*files, errand, vmm_verity); !known)
    return fail(ExitCode::image_refused, known.error().message);
  verity::Crew crew(1);
  const auto events = measure::measure_guest(guest, *files, {}, crew, [](std::uint64_t) {});
  if (!events) return fail(ExitCode::image_refused, events.error().message);
  IMMURE_TRY(add_items(*events, out));
  if (inputs) IMMURE_TRY(ask_manifest(*inputs, guest.manifest.view(), *events, out));
  // Last: what is not started is not recorded.
  if (!recorder) return {};
  out.record_count = IMMURE_TRY(record_launch(*recorder, *events, errand.where));
  out.pcr = errand.where.pcr;
  out.nv_index = errand.where.nv_index;
  return {};
}

}  // namespace

Expected<ExitCode> measure_launch_command(const LaunchErrand& errand) {
  const auto guest = IMMURE_TRY(read_sealed_record<policy::GuestRecord>(STDIN_FILENO));
  IMMURE_TRY(policy::check(guest));
  policy::Measurement out;
  out.header = policy::header_of<policy::Measurement>();
  if (const auto done = measure_into(guest, errand, out); !done) {
    out.verdict = static_cast<std::int32_t>(done.error().code);
    out.message = decltype(out.message)::fitting(done.error().message);
  }
  IMMURE_TRY(write_all(STDOUT_FILENO, bytes_of(out)));
  return ExitCode::success;
}

}  // namespace immure::attest
