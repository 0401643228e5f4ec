#include "attest/program/launch_recorder.hpp"

#include "attest/log/cel.hpp"
#include "attest/tpm/pcrs.hpp"
#include "base/files.hpp"
#include "base/io.hpp"
#include "base/sealed_memfd.hpp"

namespace immure::attest {
namespace {

/// Extends the PCR, then appends to the log, while nobody else does.
Result<std::size_t> record(const LaunchRecorder& recorder, const std::vector<measure::Event>& events,
                           std::uint32_t pcr) {
  IMMURE_TRY(wait_for_lock(recorder.log.get(), LockKind::exclusive));
  ByteVector before(IMMURE_TRY(file_size(recorder.log.get())));
  if (before.size() > log::largest_log)
    return invalid("the event log is full: it begins anew with the host's next boot");
  IMMURE_TRY(pread_exactly(recorder.log.get(), std::as_writable_bytes(std::span(before)), 0));
  const auto records = IMMURE_TRY(log::make_records(events, pcr, IMMURE_TRY(log::count_records(before))));
  const auto banks = IMMURE_TRY(tpm::banks_in_use(recorder.tpm));
  for (const auto& each : records) IMMURE_TRY(tpm::extend(recorder.tpm, banks, each));
  const auto written = log::write_cel(records);
  IMMURE_TRY(write_all(recorder.log.get(), std::as_bytes(std::span(written))));
  return records.size();
}

}  // namespace

Expected<LaunchRecorder> open_recorder(UniqueFd device, UniqueFd log) {
  auto tpm = tpm::Connection::over(std::move(device));
  if (!tpm) return fail(ExitCode::unsafe_host, tpm.error().message);
  return LaunchRecorder{.log = std::move(log), .tpm = *std::move(tpm)};
}

Expected<std::uint32_t> record_launch(const LaunchRecorder& recorder,
                                      const std::vector<measure::Event>& events, std::uint32_t pcr) {
  const auto count = record(recorder, events, pcr);
  if (!count) return fail(ExitCode::unsafe_host, "record the launch in the TPM: " + count.error().message);
  return static_cast<std::uint32_t>(*count);
}

}  // namespace immure::attest
