#include "selinux/labels.hpp"

#include <filesystem>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/selinux/labelled_file.hpp"
#include "tests/unit/selinux/scratch_directory.hpp"

using namespace immure;
using namespace immure::selinux;
using namespace immure::selinux::test;

namespace {

/// One labelled disk of one guest. Setting security.* attributes takes root (xattr(7)).
struct Labelled {
  ScratchDirectory scratch;
  std::string path = scratch / "disk.img";
  Journal journal = *Journal::create(scratch / "journal", "owner");
  UniqueFd file;

  explicit Labelled(const char* label = old_label) {
    file = make_file(path, label);
    if (!file) SKIP("this file system or user cannot set security.selinux");
    const LabelRequest request{.fd = file.get(), .path = path, .context = new_label};
    const auto done = label_files({&request, 1}, journal);
    if (!done && done.error().error_number == EPERM) SKIP("root is needed to label files");
    REQUIRE(done);
  }
  [[nodiscard]] JournalEntry entry() const { return journal.read()->entries.at(0); }
};

}  // namespace

TEST_CASE("a file is labelled, and the journal knows its old label", "[selinux]") {
  const Labelled labelled;
  CHECK(get_label(labelled.path) == new_label);
  const auto entry = labelled.entry();
  CHECK(entry.kind == EntryKind::label);
  CHECK(entry.old_context.view() == old_label);
  CHECK(entry.new_context.view() == new_label);
  CHECK(entry.path.view() == labelled.path);
}

TEST_CASE("a label is given back, and a second time nothing happens", "[selinux]") {
  const Labelled labelled;
  REQUIRE(restore_label(labelled.entry()));
  CHECK(get_label(labelled.path) == old_label);
  REQUIRE(restore_label(labelled.entry()));
  CHECK(get_label(labelled.path) == old_label);
}

TEST_CASE("a file that had no label has none afterwards", "[selinux]") {
  const Labelled labelled("");
  REQUIRE(restore_label(labelled.entry()));
  CHECK(get_label(labelled.path).empty());
}

TEST_CASE("what somebody else labelled in the meantime stands", "[selinux]") {
  const Labelled labelled;
  REQUIRE(put_label(labelled.path, "system_u:object_r:virt_image_t:s0"));
  REQUIRE(restore_label(labelled.entry()));
  CHECK(get_label(labelled.path) == "system_u:object_r:virt_image_t:s0");
}

TEST_CASE("another file at the path keeps its label", "[selinux]") {
  const Labelled labelled;
  const auto elsewhere = labelled.scratch / "secret";
  REQUIRE(make_file(elsewhere, new_label));
  std::filesystem::rename(labelled.path, labelled.scratch / "moved.img");

  SECTION("a symbolic link") { std::filesystem::create_symlink(elsewhere, labelled.path); }
  SECTION("a hard link to another file") { std::filesystem::create_hard_link(elsewhere, labelled.path); }
  SECTION("a new file") {
    REQUIRE(make_file(labelled.path, new_label));
    REQUIRE(restore_label(labelled.entry()));
    CHECK(get_label(labelled.path) == new_label);
  }
  SECTION("nothing") {}
  REQUIRE(restore_label(labelled.entry()));
  CHECK(get_label(elsewhere) == new_label);
  CHECK(get_label(labelled.scratch / "moved.img") == new_label);
}

TEST_CASE("a symbolic link in the directory part of the path is not followed", "[selinux]") {
  const Labelled labelled;
  const auto alias = labelled.scratch / "alias";
  std::filesystem::create_directory_symlink(std::filesystem::path(labelled.path).parent_path(), alias);
  auto entry = labelled.entry();
  entry.path = *immure::policy::HostPath::from(alias + "/disk.img", "path");
  REQUIRE(restore_label(entry));
  CHECK(get_label(labelled.path) == new_label);
}
