#pragma once

#include "launcher/launch.hpp"

namespace immure::launcher {

/// The confined process of the VMM, up to its gate.
struct StartVmm {
  static constexpr auto failure = policy::ExitCode::confinement_failed;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

struct AwaitReady {
  static constexpr auto failure = policy::ExitCode::failure;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

/// Compares what the VMM really is with what was planned, before the guest runs.
struct ReadBackVmm {
  static constexpr auto failure = policy::ExitCode::confinement_failed;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

struct StartMonitor {
  static constexpr auto failure = policy::ExitCode::confinement_failed;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

/// /run/immure/guests/NAME/state.
struct RecordState {
  static constexpr auto failure = policy::ExitCode::failure;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

/// Opens the gate: from here on the guest runs.
struct ReleaseGuest {
  static constexpr auto failure = policy::ExitCode::vmm_died;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

}  // namespace immure::launcher
