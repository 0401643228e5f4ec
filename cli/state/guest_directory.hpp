#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.hpp"
#include "policy/guest_state.hpp"

namespace immure::cli {

/// A guest as `immure ps` shows it. `abandoned`: its keeper is gone and what it did is not undone yet.
enum class Liveness { starting, running, paused, ending, abandoned };
std::string_view liveness_name(Liveness liveness);

struct KnownGuest {
  std::string name;
  Liveness liveness = Liveness::abandoned;
  policy::GuestState state;
};

/// The processes as the kernel has them now: start times, 0 where one is gone, and whether the VMM's cgroup
/// is frozen.
struct ProcessTicks {
  std::uint64_t keeper = 0;
  std::uint64_t vmm = 0;
  bool is_frozen = false;
};

/// What a state record means, given the processes that exist now. Pure.
Liveness judge_liveness(const policy::GuestState& state, const ProcessTicks& now);

/// Reads and checks NAME/state below `directory`.
Result<policy::GuestState> read_guest_state(const std::string& directory, std::string_view name);

/// Every guest with a directory, in the order of names. One whose record cannot be read is `abandoned`, with
/// an empty record. No directory: no guests.
Expected<std::vector<KnownGuest>> list_guests(const std::string& directory = policy::guests_directory);

/// The guest called `name`, or no_such_guest.
Expected<KnownGuest> find_guest(std::string_view name,
                                const std::string& directory = policy::guests_directory);

std::unexpected<Failure> no_such_guest(std::string_view name);
/// A usage Failure where `name` cannot be a guest's name: it never becomes part of a path.
Expected<void> require_guest_name(std::string_view name);

}  // namespace immure::cli
