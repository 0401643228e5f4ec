#pragma once

#include <memory>
#include <string>
#include <vector>

#include "attest/measure/measure.hpp"
#include "attest/program/failure.hpp"
#include "attest/program/progress.hpp"
#include "base/unique_fd.hpp"
#include "policy/guest_record.hpp"

namespace immure::attest {

struct GuestOptions {
  std::string spec;                            ///< path of the guest specification
  std::string vmm;                             ///< path of the VMM, or empty: the installed one
  std::uint64_t largest_disk_mib = 16 * 1024;  ///< of a read-only disk that has to be read to its end
  measure::DiskReading reading;
};

/// A guest whose files were opened, once, while the program still could.
struct OpenGuest {
  policy::GuestRecord record;
  measure::GuestFiles files;
  std::vector<UniqueFd> descriptors;  ///< what `files` refers to
  measure::DiskReading reading;
  std::unique_ptr<verity::Crew> crew;
  ProgressBar progress;
};

/// Compiles the specification in the unprivileged parser and opens what it names, without following symbolic
/// links. bad_specification, or image_refused where a file is missing or is not what it must be.
Expected<OpenGuest> open_guest(const GuestOptions& options);

/// Hashes them: after confine(). image_refused where a file changed meanwhile.
Expected<std::vector<measure::Event>> measure_open_guest(OpenGuest& guest);

}  // namespace immure::attest
