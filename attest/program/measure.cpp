#include "attest/program/measure.hpp"

#include <nlohmann/json.hpp>

#include "attest/log/cel.hpp"
#include "attest/log/json_seq.hpp"
#include "attest/log/tcg.hpp"
#include "attest/program/columns.hpp"
#include "attest/program/confine.hpp"
#include "attest/program/output_file.hpp"
#include "base/printable.hpp"

namespace immure::attest {
namespace {

using Json = nlohmann::ordered_json;

/// The first field says it: a digest, a value, or why there is none.
std::string as_text(const std::vector<measure::Event>& events) {
  std::string out;
  for (const auto& event : events) {
    const auto& first = event.fields.front();
    out += padded(measure::name_of(event.kind), 10) + padded(event.name, 22) + padded(first.key, 18) +
           first.value + "\n";
  }
  return printable_lines(out);
}

Json event_json(const measure::Event& event) {
  Json out{{"kind", measure::name_of(event.kind)}, {"name", event.name}};
  for (const auto& field : event.fields) {
    out[field.key] = field.key == "size" ? Json(std::stoull(field.value)) : Json(field.value);
  }
  return out;
}

std::string as_json(const policy::GuestRecord& record, const std::vector<measure::Event>& events) {
  Json list = Json::array();
  for (const auto& event : events) list.push_back(event_json(event));
  const Json out{{"guest", record.name.view()}, {"events", std::move(list)}};
  return out.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

Expected<std::optional<OutputFile>> open_log(const std::string& path) {
  if (path.empty()) return std::nullopt;
  return IMMURE_TRY(open_output(path));
}

Expected<void> write_log(const OutputFile& file, const MeasureOptions& options,
                         const std::vector<measure::Event>& events) {
  const auto records = IMMURE_TRY(log::make_records(events, options.pcr));
  if (options.log_format == LogFormat::cel) return write_output(file, log::write_cel(records));
  if (options.log_format == LogFormat::tcg) return write_output(file, log::write_tcg(records));
  return write_output(file, bytes_of_text(log::write_json_seq(records)));
}

}  // namespace

Expected<ExitCode> measure_command(const MeasureOptions& options) {
  auto guest = IMMURE_TRY(open_guest(options.guest));
  const auto log = IMMURE_TRY(open_log(options.log));
  IMMURE_TRY(confine());
  const auto events = IMMURE_TRY(measure_open_guest(guest));
  if (log) IMMURE_TRY(write_log(*log, options, events));
  IMMURE_TRY(print(options.format == OutputFormat::json ? as_json(guest.record, events) : as_text(events)));
  return ExitCode::success;
}

}  // namespace immure::attest
