#include "cli/state/guest_directory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <unistd.h>

#include "base/io.hpp"
#include "cli/proc/process_directory.hpp"
#include "scratch.hpp"

using namespace immure;
using namespace immure::cli;
using policy::GuestPhase;
using policy::GuestState;

namespace {

GuestState state_of(std::string_view name) {
  GuestState state{};
  state.header = policy::header_of<GuestState>();
  state.name = policy::GuestName::from(name, "name").value();
  state.phase = GuestPhase::running;
  state.keeper_pid = ::getpid();
  state.vmm_pid = ::getpid();
  state.keeper_start_ticks = start_ticks_of(::getpid());
  state.vmm_start_ticks = state.keeper_start_ticks;
  return state;
}

void write_state(const Scratch& scratch, const std::string& name, const GuestState& state) {
  const auto bytes = bytes_of(state);
  (void)scratch.write(name + "/state", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

TEST_CASE("a guest's state follows from its record and the processes that exist", "[cli]") {
  GuestState state{};
  state.phase = GuestPhase::running;
  state.keeper_start_ticks = 100;
  state.vmm_start_ticks = 200;
  CHECK(judge_liveness(state, {.keeper = 100, .vmm = 200}) == Liveness::running);
  SECTION("a VMM that is frozen means paused") {
    CHECK(judge_liveness(state, {.keeper = 100, .vmm = 200, .is_frozen = true}) == Liveness::paused);
    CHECK(judge_liveness(state, {.keeper = 100, .vmm = 0, .is_frozen = true}) == Liveness::ending);
  }
  SECTION("a keeper that is gone means abandoned") {
    CHECK(judge_liveness(state, {.keeper = 0, .vmm = 200}) == Liveness::abandoned);
  }
  SECTION("a later process with the keeper's number means abandoned") {
    CHECK(judge_liveness(state, {.keeper = 101, .vmm = 200}) == Liveness::abandoned);
  }
  SECTION("a VMM that is gone means that the keeper is undoing") {
    CHECK(judge_liveness(state, {.keeper = 100, .vmm = 0}) == Liveness::ending);
    CHECK(judge_liveness(state, {.keeper = 100, .vmm = 201}) == Liveness::ending);
  }
  SECTION("the phase is the keeper's word") {
    state.phase = GuestPhase::starting;
    CHECK(judge_liveness(state, {.keeper = 100, .vmm = 0}) == Liveness::starting);
    state.phase = GuestPhase::ending;
    CHECK(judge_liveness(state, {.keeper = 100, .vmm = 200}) == Liveness::ending);
  }
}

TEST_CASE("guests are listed by name with what their records say", "[cli]") {
  const Scratch scratch;
  write_state(scratch, "web", state_of("web"));
  auto dead = state_of("database");
  dead.keeper_start_ticks += 1;
  write_state(scratch, "database", dead);
  const auto guests = list_guests(scratch.path());
  REQUIRE(guests);
  REQUIRE(guests->size() == 2);
  CHECK((*guests)[0].name == "database");
  CHECK((*guests)[0].liveness == Liveness::abandoned);
  CHECK((*guests)[1].name == "web");
  CHECK((*guests)[1].liveness == Liveness::running);
}

TEST_CASE("a record that cannot be trusted is shown as abandoned", "[cli]") {
  const Scratch scratch;
  auto state = state_of("web");
  SECTION("cut short") { (void)scratch.write("web/state", "short"); }
  SECTION("missing") { (void)scratch.write("web/other", ""); }
  SECTION("of another version") {
    state.header.version += 1;
    write_state(scratch, "web", state);
  }
  SECTION("of another guest") { write_state(scratch, "web", state_of("database")); }
  SECTION("with too many files") {
    state.file_count = policy::max_guest_files + 1;
    write_state(scratch, "web", state);
  }
  SECTION("behind a symbolic link") {
    write_state(scratch, "Elsewhere", state);
    std::filesystem::create_directory(scratch.path() + "/web");
    std::filesystem::create_symlink(scratch.path() + "/Elsewhere/state", scratch.path() + "/web/state");
  }
  const auto guests = list_guests(scratch.path());
  REQUIRE(guests);
  REQUIRE(guests->size() == 1);
  CHECK(guests->front().liveness == Liveness::abandoned);
  CHECK(guests->front().state.vmm_pid == 0);
}

TEST_CASE("without a directory there are no guests", "[cli]") {
  const auto guests = list_guests("/nonexistent/immure/guests");
  REQUIRE(guests);
  CHECK(guests->empty());
}

TEST_CASE("a name that is no guest name never becomes a path", "[cli]") {
  for (const std::string name : {"../etc", "", "a/b", ".", "A"}) {
    const auto guest = find_guest(name, "/");
    REQUIRE_FALSE(guest);
    CHECK(guest.error().code == ExitCode::usage);
  }
}

TEST_CASE("an unknown guest has an exit code of its own", "[cli]") {
  const Scratch scratch;
  const auto guest = find_guest("web", scratch.path());
  REQUIRE_FALSE(guest);
  CHECK(guest.error().code == ExitCode::no_such_guest);
}
