#include "attest/log/cel.hpp"
#include "attest/log/nv_start.hpp"
#include "attest/program/hex_option.hpp"
#include "attest/program/output_file.hpp"
#include "attest/program/tpm_commands.hpp"
#include "attest/tpm/make_quote.hpp"
#include "attest/tpm/nv_index.hpp"
#include "attest/tpm/pcrs.hpp"
#include "attest/x509/certificate_files.hpp"
#include "base/files.hpp"

namespace immure::attest {
namespace {

constexpr std::size_t largest_certificate_file = 1 << 20;

/// The log stands still while its lock is held: a launch takes it before it appends.
Expected<InputFile> open_locked_log(const std::string& path) {
  auto file = IMMURE_TRY(open_input(path, log::largest_log));
  IMMURE_TRY(wait_for_lock(file.fd.get(), LockKind::shared));
  // It may have grown while we waited.
  return IMMURE_TRY(input_of_descriptor(file.fd.release(), path, log::largest_log));
}

Expected<std::vector<log::Record>> parse_log(Bytes bytes, const std::string& name) {
  auto records = log::parse_cel(bytes);
  if (!records) return fail(ExitCode::bad_log, name + ": " + records.error().message);
  if (records->empty()) return fail(ExitCode::bad_log, name + ": the log is empty");
  return *std::move(records);
}

Expected<std::vector<ByteVector>> read_certificate_files(const std::vector<InputFile>& files) {
  std::vector<ByteVector> out;
  for (const auto& file : files) {
    const auto certificate = read_one_certificate(IMMURE_TRY(read_input(file)));
    if (!certificate)
      return fail(ExitCode::bad_specification, file.name + ": " + certificate.error().message);
    out.push_back(certificate->der());
  }
  return out;
}

}  // namespace

Expected<ExitCode> tpm_record_command(const TpmRecordOptions& options) {
  const auto file = IMMURE_TRY(open_input(options.log, log::largest_log));
  const auto tpm = IMMURE_TRY(reach_tpm(options.tcti));
  const auto records = IMMURE_TRY(parse_log(IMMURE_TRY(read_input(file)).bytes, options.log));
  for (const auto& record : records) {
    if (record.nv_index != 0 || record.event.name == log::NvStart::event_name)
      return fail(ExitCode::bad_log,
                  options.log + ": the log is for an NV index, which only launches are recorded in");
  }
  const auto banks = IMMURE_TRY(tpm::banks_in_use(tpm));
  for (const auto& record : records) IMMURE_TRY(tpm::extend(tpm, banks, record));
  IMMURE_TRY(print(std::to_string(records.size()) + " records in PCR " + std::to_string(records.front().pcr) +
                   "\n"));
  return ExitCode::success;
}

Expected<ExitCode> tpm_quote_command(const TpmQuoteOptions& options) {
  const auto nonce = IMMURE_TRY(hex_option("--nonce", options.nonce));
  const auto key = IMMURE_TRY(open_key(options.directory));
  std::vector<InputFile> certificates;
  for (const auto& path : options.certificates) {
    certificates.push_back(IMMURE_TRY(open_input(path, largest_certificate_file)));
  }
  const auto log_file = IMMURE_TRY(open_locked_log(options.log));
  const auto output = IMMURE_TRY(open_output(options.output));
  const auto tpm = IMMURE_TRY(reach_tpm(options.tcti));
  const auto log_bytes = IMMURE_TRY(read_input(log_file)).bytes;
  auto pcrs = options.pcrs;
  const auto records = IMMURE_TRY(parse_log(log_bytes, options.log));
  pcrs.insert(records.front().pcr);
  const auto blob = IMMURE_TRY(read_key(key));
  auto bundle = IMMURE_TRY(tpm::make_quote(tpm, blob, nonce, pcrs));
  const auto start = log::nv_start_of(records);
  if (!start) return fail(ExitCode::bad_log, options.log + ": " + start.error().message);
  if (*start) {
    auto nv = IMMURE_TRY(tpm::NvIndex::open(tpm, (*start)->index));
    bundle.nv = IMMURE_TRY(nv.certify(blob, nonce));
  }
  bundle.certificates = IMMURE_TRY(read_certificate_files(certificates));
  bundle.log = log_bytes;
  IMMURE_TRY(write_output(output, bytes_of_text(quote::write_bundle(bundle))));
  return ExitCode::success;
}

}  // namespace immure::attest
