#pragma once

#include <cstdint>
#include <string>

#include "attest/program/failure.hpp"
#include "attest/program/guest_files.hpp"
#include "attest/program/output_format.hpp"

namespace immure::attest {

enum class LogFormat { cel, json_seq, tcg };

struct MeasureOptions {
  GuestOptions guest;
  std::string log;  ///< path, or empty
  LogFormat log_format = LogFormat::cel;
  std::uint32_t pcr = 13;  ///< that the log's records are for
  OutputFormat format = OutputFormat::text;
};

/// Measures what a launch of the guest would consist of, prints it and writes it as an event log.
Expected<ExitCode> measure_command(const MeasureOptions& options);

}  // namespace immure::attest
