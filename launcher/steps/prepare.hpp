#pragma once

#include "launcher/launch.hpp"

namespace immure::launcher {

/// Asks whether SELinux can wall this guest in: enforcing, with our policy, which tells categories apart.
struct Preflight {
  static constexpr auto failure = policy::ExitCode::unsafe_host;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

/// The guest's name, two uids and a category pair: nobody else has them until they are released.
struct LeaseIdentity {
  static constexpr auto failure = policy::ExitCode::failure;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

/// /run/immure/guests/NAME.
struct MakeGuestDirectory {
  static constexpr auto failure = policy::ExitCode::failure;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

struct MakeCgroup {
  static constexpr auto failure = policy::ExitCode::unsafe_host;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

/// /dev/kvm, /dev/null and the two programs, each opened once; a program must be root's and writable for root
/// alone.
struct OpenPrograms {
  static constexpr auto failure = policy::ExitCode::unsafe_host;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

/// Log pipe, console and control sockets, the monitor's listener; each with the guest's own label, as the
/// launcher's categories would put them out of the guest's reach.
struct MakeChannels {
  static constexpr auto failure = policy::ExitCode::failure;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

}  // namespace immure::launcher
