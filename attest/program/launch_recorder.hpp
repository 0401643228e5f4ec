#pragma once

#include <cstdint>
#include <vector>

#include "attest/measure/event.hpp"
#include "attest/program/failure.hpp"
#include "attest/tpm/connection.hpp"
#include "base/unique_fd.hpp"

namespace immure::attest {

/// The TPM that launches are recorded in, and the event log that says by what.
struct LaunchRecorder {
  UniqueFd log;
  tpm::Connection tpm;
};

/// Where the TPM has launches: in a PCR or, where there is one, in an NV index, and then only its start in
/// the PCR.
struct LaunchRegister {
  std::uint32_t pcr = 0;
  std::uint32_t nv_index = 0;  ///< 0: none
};

/// Before confine(): `device` is an open /dev/tpmrm0, `log` is open for reading and appending.
Expected<LaunchRecorder> open_recorder(UniqueFd device, UniqueFd log);

/// Extends the PCR or the NV index by every event, then appends them to the log; other launches wait
/// meanwhile. Yields their number; unsafe_host where the TPM or the log does not take them, or where the NV
/// index does not have what the log leads to: it was made anew, or somebody else extends it.
Expected<std::uint32_t> record_launch(const LaunchRecorder& recorder,
                                      const std::vector<measure::Event>& events, const LaunchRegister& where);

}  // namespace immure::attest
