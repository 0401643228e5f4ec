#include "selinux/journal.hpp"

#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/selinux/scratch_directory.hpp"

using namespace immure::selinux;

namespace {

void append_three(Journal& journal) {
  REQUIRE(journal.append(*lease_entry(LeaseKind::name, "web1")));
  REQUIRE(journal.append(*path_entry(EntryKind::cgroup, "/sys/fs/cgroup/immure/web1")));
  REQUIRE(journal.append(*path_entry(EntryKind::directory, "/run/immure/guests/web1")));
}

/// Changes one byte of the file.
void damage(const std::string& path, std::size_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  file.put('\x55');
}

}  // namespace

TEST_CASE("a journal is read newest entry first", "[selinux]") {
  const test::ScratchDirectory scratch;
  auto journal = *Journal::create(scratch / "journal", "owner");
  append_three(journal);
  REQUIRE(journal.sync());
  const auto contents = *journal.read();
  REQUIRE(contents.entries.size() == 3);
  CHECK(contents.unreadable == 0);
  CHECK(contents.entries[0].kind == EntryKind::directory);
  CHECK(contents.entries[0].path.view() == "/run/immure/guests/web1");
  CHECK(contents.entries[2].value.view() == "web1");
}

TEST_CASE("a torn last entry is ignored, because its deed was never done", "[selinux]") {
  const test::ScratchDirectory scratch;
  const auto directory = scratch / "journal";
  {
    auto journal = *Journal::create(directory, "owner");
    append_three(journal);
  }
  std::size_t size = 3 * sizeof(JournalEntry);
  SECTION("cut anywhere within the entry") { size -= 1; }
  SECTION("one byte of it written") { size -= sizeof(JournalEntry) - 1; }
  std::filesystem::resize_file(directory + "/owner", size);
  auto adopted = Journal::adopt(directory, "owner");
  REQUIRE(adopted);
  REQUIRE(adopted->has_value());
  const std::size_t whole = size / sizeof(JournalEntry);
  CHECK((*adopted)->read()->entries.size() == whole);
  CHECK((*adopted)->read()->unreadable == 0);

  REQUIRE((*adopted)->append(*lease_entry(LeaseKind::uid, "1000")));
  CHECK((*adopted)->read()->entries.size() == whole + 1);
  CHECK((*adopted)->read()->unreadable == 0);
}

TEST_CASE("a last entry of full length but with wrong bytes is ignored", "[selinux]") {
  const test::ScratchDirectory scratch;
  auto journal = *Journal::create(scratch / "journal", "owner");
  append_three(journal);
  damage(scratch / "journal/owner", 3 * sizeof(JournalEntry) - 100);
  CHECK(journal.read()->entries.size() == 2);
  CHECK(journal.read()->unreadable == 0);
}

TEST_CASE("a damaged entry in the middle is reported, and the others are still undone", "[selinux]") {
  const test::ScratchDirectory scratch;
  auto journal = *Journal::create(scratch / "journal", "owner");
  append_three(journal);
  damage(scratch / "journal/owner", sizeof(JournalEntry) + 50);
  const auto contents = *journal.read();
  CHECK(contents.unreadable == 1);
  REQUIRE(contents.entries.size() == 2);
  CHECK(contents.entries[0].kind == EntryKind::directory);
  CHECK(contents.entries[1].kind == EntryKind::lease);
}

TEST_CASE("a journal whose owner lives is nobody else's, and one whose owner was killed is anybody's",
          "[selinux]") {
  const test::ScratchDirectory scratch;
  const auto directory = scratch / "journal";
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    auto journal = Journal::create(directory, "owner");
    const bool ok = journal && journal->append(*lease_entry(LeaseKind::name, "web1"));
    (void)!::write(ready[1], ok ? "y" : "n", 1);
    for (;;) ::pause();
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  CHECK(*Journal::list(directory) == std::vector<std::string>{"owner"});
  auto living = Journal::adopt(directory, "owner");
  REQUIRE(living);
  CHECK_FALSE(living->has_value());

  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  auto abandoned = Journal::adopt(directory, "owner");
  REQUIRE(abandoned);
  REQUIRE(abandoned->has_value());
  CHECK((*abandoned)->owner() == "owner");
  CHECK((*abandoned)->read()->entries.size() == 1);
  // And now it is ours.
  CHECK_FALSE(Journal::adopt(directory, "owner")->has_value());
}

TEST_CASE("a finished journal is gone, and cannot be adopted", "[selinux]") {
  const test::ScratchDirectory scratch;
  auto journal = *Journal::create(scratch / "journal", "owner");
  REQUIRE(journal.remove());
  CHECK(Journal::list(scratch / "journal")->empty());
  CHECK_FALSE(Journal::adopt(scratch / "journal", "owner")->has_value());
  CHECK(Journal::list(scratch / "nowhere")->empty());
}

TEST_CASE("two launches cannot have the same journal", "[selinux]") {
  const test::ScratchDirectory scratch;
  const auto first = Journal::create(scratch / "journal", "owner");
  REQUIRE(first);
  CHECK_FALSE(Journal::create(scratch / "journal", "owner"));
}
