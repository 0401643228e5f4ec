#include "selinux/content_labels.hpp"

#include <filesystem>

#include <catch2/catch_test_macros.hpp>

#include "selinux/contexts.hpp"
#include "tests/unit/selinux/labelled_file.hpp"
#include "tests/unit/selinux/scratch_directory.hpp"

using namespace immure;
using namespace immure::selinux;
using namespace immure::selinux::test;

namespace {

struct Shared {
  ScratchDirectory scratch;
  std::string path = scratch / "base.img";
  ContentLabels labels = *ContentLabels::open(scratch / "content");
  UniqueFd file = make_file(path, old_label);
  Journal first = *Journal::create(scratch / "journal", "first");
  Journal second = *Journal::create(scratch / "journal", "second");

  Shared() {
    if (!file) SKIP("root is needed to label files");
  }
  void acquire(Journal& journal) {
    REQUIRE(labels.acquire({.fd = file.get(), .path = path, .context = content_context}, journal));
  }
  void release(const Journal& journal) {
    REQUIRE(labels.release(journal.read()->entries.at(0), journal.owner()));
  }
};

}  // namespace

TEST_CASE("a shared image is labelled while at least one guest has it", "[selinux]") {
  Shared shared;
  shared.acquire(shared.first);
  shared.acquire(shared.second);
  CHECK(get_label(shared.path) == content_context);
  shared.release(shared.first);
  CHECK(get_label(shared.path) == content_context);
  shared.release(shared.second);
  CHECK(get_label(shared.path) == old_label);
  CHECK(std::filesystem::is_empty(shared.scratch / "content"));
}

TEST_CASE("the second guest's journal knows the first label, not the shared one", "[selinux]") {
  Shared shared;
  shared.acquire(shared.first);
  shared.acquire(shared.second);
  CHECK(shared.second.read()->entries.at(0).old_context.view() == old_label);
}

TEST_CASE("giving a shared image back twice does no harm to the other guest", "[selinux]") {
  Shared shared;
  shared.acquire(shared.first);
  shared.acquire(shared.second);
  shared.release(shared.first);
  shared.release(shared.first);
  CHECK(get_label(shared.path) == content_context);
}

TEST_CASE("after a reboot, which empties /run, the journal alone gives the old label back", "[selinux]") {
  Shared shared;
  shared.acquire(shared.first);
  shared.acquire(shared.second);
  for (const auto& entry : std::filesystem::directory_iterator(shared.scratch / "content")) {
    std::filesystem::remove_all(entry);
  }
  shared.release(shared.second);
  CHECK(get_label(shared.path) == old_label);
  shared.release(shared.first);
  CHECK(get_label(shared.path) == old_label);
}
