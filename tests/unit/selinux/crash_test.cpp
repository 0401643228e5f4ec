#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selinux/labels.hpp"
#include "selinux/leases.hpp"
#include "tests/unit/selinux/labelled_file.hpp"
#include "tests/unit/selinux/scratch_directory.hpp"
#include "tests/unit/selinux/scripted_numbers.hpp"

using namespace immure;
using namespace immure::selinux;
using namespace immure::selinux::test;

namespace {

/// Everything that a launch does with leases and labels, in steps between which it may be killed.
std::vector<std::function<Result<void>()>> launch_steps(const ScratchDirectory& scratch,
                                                        std::optional<Journal>& journal, const Leases& leases,
                                                        int disk) {
  const auto path = scratch / "disk.img";
  return {
      [&scratch, &journal]() -> Result<void> {
        journal = IMMURE_TRY(Journal::create(scratch / "journal", "owner"));
        return {};
      },
      [&journal]() -> Result<void> {
        return journal->append(IMMURE_TRY(lease_entry(LeaseKind::name, "web1")));
      },
      [&leases]() -> Result<void> {
        const auto claim = leases.claim(LeaseKind::name, "web1", "owner");
        return claim ? Result<void>() : std::unexpected(claim.error());
      },
      [&journal, &leases]() -> Result<void> {
        ScriptedNumbers random({7});
        const auto pair = claim_categories(leases, *journal, random);
        return pair ? Result<void>() : std::unexpected(pair.error());
      },
      [&journal, disk, path]() -> Result<void> {
        return journal->append(
            IMMURE_TRY(label_entry(EntryKind::label, {.fd = disk, .path = path, .context = new_label})));
      },
      [&journal]() -> Result<void> { return journal->sync(); },
      [path]() -> Result<void> {
        if (!put_label(path, new_label)) return system_error("label");
        return {};
      },
  };
}

/// What `immure-launch` does for the journal of a dead keeper.
void undo(const std::string& directory, const Leases& leases) {
  auto journals = Journal::list(directory);
  REQUIRE(journals);
  for (const auto& uuid : *journals) {
    auto journal = Journal::adopt(directory, uuid);
    REQUIRE(journal);
    REQUIRE(journal->has_value());
    auto contents = (*journal)->read();
    REQUIRE(contents);
    CHECK(contents->unreadable == 0);
    for (const auto& entry : contents->entries) {
      if (entry.kind == EntryKind::lease)
        REQUIRE(leases.release(entry.lease, std::string(entry.value.view()), uuid));
      if (entry.kind == EntryKind::label) REQUIRE(restore_label(entry));
    }
    REQUIRE((*journal)->remove());
  }
}

}  // namespace

TEST_CASE("a launch killed after any step is undone completely", "[selinux]") {
  for (std::size_t steps = 0; steps <= 7; ++steps) {
    CAPTURE(steps);
    const ScratchDirectory scratch;
    const auto disk = make_file(scratch / "disk.img", old_label);
    if (!disk) SKIP("root is needed to label files");
    const auto leases = *Leases::open(scratch / "leases");

    const pid_t launcher = ::fork();
    if (launcher == 0) {
      std::optional<Journal> journal;
      const auto all = launch_steps(scratch, journal, leases, disk.get());
      for (std::size_t i = 0; i < steps; ++i) {
        if (!all.at(i)()) ::_exit(1);
      }
      ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(launcher, &status, 0);
    REQUIRE(WIFSIGNALED(status));

    undo(scratch / "journal", leases);
    CHECK(get_label(scratch / "disk.img") == old_label);
    CHECK(*leases.owner_of(LeaseKind::name, "web1") == "");
    CHECK(*leases.owner_of(LeaseKind::categories, CategoryPair::at(7)->text()) == "");
    CHECK(Journal::list(scratch / "journal")->empty());
  }
}
