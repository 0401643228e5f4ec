#include "attest/program/launch_recorder.hpp"

#include <array>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "attest/log/cel.hpp"
#include "attest/log/nv_start.hpp"
#include "attest/tpm/nv_index.hpp"
#include "attest/tpm/pcrs.hpp"
#include "base/files.hpp"
#include "base/io.hpp"
#include "base/sealed_memfd.hpp"

namespace immure::attest {
namespace {

using Records = std::vector<log::Record>;

Result<void> append(const LaunchRecorder& recorder, const Records& records) {
  const auto written = log::write_cel(records);
  return write_all(recorder.log.get(), std::as_bytes(std::span(written)));
}

Result<ByteVector> read_log(const LaunchRecorder& recorder) {
  ByteVector before(IMMURE_TRY(file_size(recorder.log.get())));
  if (before.size() > log::largest_log)
    return invalid("the event log is full: it begins anew with the host's next boot");
  IMMURE_TRY(pread_exactly(recorder.log.get(), std::as_writable_bytes(std::span(before)), 0));
  return before;
}

Result<std::size_t> record_in_pcr(const LaunchRecorder& recorder, const std::vector<measure::Event>& events,
                                  std::uint32_t pcr) {
  const auto before = IMMURE_TRY(read_log(recorder));
  const auto records = IMMURE_TRY(log::make_records(events, pcr, IMMURE_TRY(log::count_records(before))));
  const auto banks = IMMURE_TRY(tpm::banks_in_use(recorder.tpm));
  for (const auto& each : records) IMMURE_TRY(tpm::extend(recorder.tpm, banks, each));
  IMMURE_TRY(append(recorder, records));
  return records.size();
}

/// Begins a log: extends the index by something that nobody knows, and the PCR by what the index is from then
/// on.
Result<void> start_index(const LaunchRecorder& recorder, tpm::NvIndex& nv, const LaunchRegister& where) {
  std::array<std::uint8_t, 32> secret{};
  if (::RAND_bytes(secret.data(), secret.size()) != 1)
    return invalid("no random numbers to start the NV index");
  const auto extended = nv.extend(secret);
  ::OPENSSL_cleanse(secret.data(), secret.size());
  IMMURE_TRY(extended);
  const log::NvStart start{
      .index = where.nv_index, .name = IMMURE_TRY(nv.name()), .value = IMMURE_TRY(nv.read())};
  const auto records = IMMURE_TRY(log::make_records({log::event_of(start)}, where.pcr));
  IMMURE_TRY(tpm::extend(recorder.tpm, IMMURE_TRY(tpm::banks_in_use(recorder.tpm)), records.front()));
  return append(recorder, records);
}

Result<void> require_as_logged(tpm::NvIndex& nv, const LaunchRegister& where, const Records& records) {
  const auto start = IMMURE_TRY(log::nv_start_of(records));
  if (!start || start->index != where.nv_index || records.front().pcr != where.pcr) {
    return invalid("the event log of this boot is for another PCR or NV index");
  }
  if (IMMURE_TRY(nv.name()) != start->name ||
      IMMURE_TRY(nv.read()) != IMMURE_TRY(log::replay_nv(*start, records))) {
    return invalid(
        "the NV index is not what the event log leads to: it was deleted and made anew, or somebody "
        "else extends it; both begin anew with the host's next boot");
  }
  return {};
}

Result<std::size_t> record_in_index(const LaunchRecorder& recorder, const std::vector<measure::Event>& events,
                                    const LaunchRegister& where) {
  auto nv = IMMURE_TRY(tpm::NvIndex::open_or_make(recorder.tpm, where.nv_index));
  if (IMMURE_TRY(file_size(recorder.log.get())) == 0) IMMURE_TRY(start_index(recorder, nv, where));
  const auto before = IMMURE_TRY(log::parse_cel(IMMURE_TRY(read_log(recorder))));
  IMMURE_TRY(require_as_logged(nv, where, before));
  const auto records = IMMURE_TRY(log::make_records(events, where.pcr, before.size(), where.nv_index));
  if (before.size() + records.size() > log::most_records)
    return invalid("the event log is full: it begins anew with the host's next boot");
  for (const auto& each : records) IMMURE_TRY(nv.extend(each.digests.sha256));
  IMMURE_TRY(append(recorder, records));
  return records.size();
}

/// Extends, then appends to the log, while nobody else does.
Result<std::size_t> record(const LaunchRecorder& recorder, const std::vector<measure::Event>& events,
                           const LaunchRegister& where) {
  IMMURE_TRY(wait_for_lock(recorder.log.get(), LockKind::exclusive));
  return where.nv_index == 0 ? record_in_pcr(recorder, events, where.pcr)
                             : record_in_index(recorder, events, where);
}

}  // namespace

Expected<LaunchRecorder> open_recorder(UniqueFd device, UniqueFd log) {
  auto tpm = tpm::Connection::over(std::move(device));
  if (!tpm) return fail(ExitCode::unsafe_host, tpm.error().message);
  return LaunchRecorder{.log = std::move(log), .tpm = *std::move(tpm)};
}

Expected<std::uint32_t> record_launch(const LaunchRecorder& recorder,
                                      const std::vector<measure::Event>& events,
                                      const LaunchRegister& where) {
  const auto count = record(recorder, events, where);
  if (!count) return fail(ExitCode::unsafe_host, "record the launch in the TPM: " + count.error().message);
  return static_cast<std::uint32_t>(*count);
}

}  // namespace immure::attest
