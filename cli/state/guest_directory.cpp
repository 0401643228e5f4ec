#include "cli/state/guest_directory.hpp"

#include <algorithm>
#include <filesystem>
#include <span>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include "base/io.hpp"
#include "base/printable.hpp"
#include "base/proc_text.hpp"
#include "base/sealed_memfd.hpp"
#include "cli/doctor/host_file.hpp"
#include "cli/proc/process_directory.hpp"

namespace immure::cli {
namespace {

using policy::GuestPhase;
using policy::GuestState;

Result<void> check(const GuestState& state, std::string_view name) {
  IMMURE_TRY(policy::check_header(state, "the state record"));
  const bool texts = state.name.is_well_formed() && state.label.is_well_formed() &&
                     state.image_label.is_well_formed() && state.tenant.is_well_formed() &&
                     state.cgroup.is_well_formed();
  if (!texts || state.name.view() != name) return invalid("the state record is not of this guest");
  if (state.file_count > policy::max_guest_files) return invalid("the state record lists too many files");
  if (state.net_count > policy::max_nets) return invalid("the state record lists too many networks");
  for (const auto& net : std::span(state.nets).first(state.net_count)) {
    if (!net.id.is_well_formed()) return invalid("an id in the state record is not well-formed");
  }
  for (const auto& file : state.files) {
    if (!file.path.is_well_formed()) return invalid("a path in the state record is not well-formed");
  }
  return {};
}

ProcessTicks ticks_of(const GuestState& state) {
  const auto events = host_file(fmt::format("/sys/fs/cgroup{}/cgroup.events", state.cgroup.view()));
  return {.keeper = start_ticks_of(state.keeper_pid),
          .vmm = start_ticks_of(state.vmm_pid),
          .is_frozen = events && field_of(*events, "frozen") == "1"};
}

bool is_starting(const policy::GuestState& state) { return state.phase == GuestPhase::starting; }

}  // namespace

std::string_view liveness_name(Liveness liveness) {
  switch (liveness) {
    case Liveness::starting:
      return "starting";
    case Liveness::running:
      return "running";
    case Liveness::paused:
      return "paused";
    case Liveness::ending:
      return "ending";
    case Liveness::abandoned:
      return "abandoned";
  }
  return "unknown";
}

Liveness judge_liveness(const GuestState& state, const ProcessTicks& now) {
  const bool keeper_lives = now.keeper != 0 && now.keeper == state.keeper_start_ticks;
  const bool vmm_lives = now.vmm != 0 && now.vmm == state.vmm_start_ticks;
  if (!keeper_lives) return Liveness::abandoned;
  if (is_starting(state)) return Liveness::starting;
  if (state.phase == GuestPhase::running && vmm_lives) {
    return now.is_frozen ? Liveness::paused : Liveness::running;
  }
  return Liveness::ending;
}

Result<GuestState> read_guest_state(const std::string& directory, std::string_view name) {
  const auto path = fmt::format("{}/{}/state", directory, name);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return system_error("open " + path);
  if (IMMURE_TRY(file_size(fd.get())) != sizeof(GuestState)) {
    return invalid("read " + path + ": the record has a wrong size");
  }
  GuestState state{};
  IMMURE_TRY(pread_exactly(fd.get(), writable_bytes_of(state), 0));
  if (const auto checked = check(state, name); !checked) return with_context("read " + path, checked.error());
  return state;
}

Expected<std::vector<KnownGuest>> list_guests(const std::string& directory) {
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  if (error == std::errc::no_such_file_or_directory) return std::vector<KnownGuest>{};
  if (error) {
    const bool denied = error == std::errc::permission_denied;
    return fail(denied ? ExitCode::not_permitted : ExitCode::failure,
                fmt::format("list guests: {}: {}", directory, error.message()),
                denied ? "run it with sudo" : "");
  }
  std::vector<KnownGuest> guests;
  for (const auto& entry : entries) {
    const auto name = entry.path().filename().string();
    if (!policy::is_guest_name(name)) continue;
    KnownGuest guest{.name = name, .liveness = Liveness::abandoned, .state = {}};
    if (const auto state = read_guest_state(directory, name)) {
      guest.state = *state;
      guest.liveness = judge_liveness(*state, ticks_of(*state));
    } else if (state.error().error_number == EACCES) {
      return fail(ExitCode::not_permitted, state.error().message, "run it with sudo");
    }
    guests.push_back(std::move(guest));
  }
  std::ranges::sort(guests, {}, &KnownGuest::name);
  return guests;
}

Expected<KnownGuest> find_guest(std::string_view name, const std::string& directory) {
  IMMURE_TRY(require_guest_name(name));
  auto guests = IMMURE_TRY(list_guests(directory));
  const auto found = std::ranges::find(guests, name, &KnownGuest::name);
  if (found == guests.end()) return no_such_guest(name);
  return std::move(*found);
}

std::unexpected<Failure> no_such_guest(std::string_view name) {
  return fail(ExitCode::no_such_guest, fmt::format("guest {}: no guest of this name runs", name),
              "`immure ps` lists the guests");
}

Expected<void> require_guest_name(std::string_view name) {
  if (policy::is_guest_name(name)) return {};
  return fail(ExitCode::usage, fmt::format("\"{}\" is no guest name", printable(name)),
              "a name is 1 to 63 of a-z, 0-9, '.', '_' and '-', and starts with a letter or digit");
}

}  // namespace immure::cli
