#include "policy/verity_rules.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/policy/test_records.hpp"

using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;
using test::text;
using Line = decltype(GuestRecord::command_line);
using Id = decltype(DiskRecord::id);

namespace {

/// The good guest, whose second disk is its verified root.
GuestRecord verity_guest() {
  auto guest = test::good_guest();
  auto& verity = guest.disks[1].verity;
  verity = {.mount = VerityMount::root, .hash_bytes = sha256_bytes, .hash_offset = 1 << 20};
  verity.root_hash[0] = 0xab;
  guest.command_line = text<Line>(verity_arguments(guest) + "console=hvc0");
  return guest;
}

/// What check() says after a change of the record that came from elsewhere.
std::string verdict(const std::function<void(GuestRecord&)>& change) {
  auto guest = verity_guest();
  change(guest);
  const auto checked = check(guest);
  return checked ? "accepted" : checked.error().message;
}

VerityRecord& verity_of(GuestRecord& guest) { return guest.disks[1].verity; }

}  // namespace

TEST_CASE("a record whose command line binds the guest to its root is accepted", "[policy]") {
  CHECK(verdict([](GuestRecord&) {}) == "accepted");
  CHECK(verity_arguments(test::good_guest()).empty());
}

TEST_CASE("a record without what the guest has to be told, or with a contradiction, is refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.command_line = text<Line>("console=hvc0"); }),
             ContainsSubstring("boot.command_line does not begin with"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.command_line = text<Line>("quiet " + verity_arguments(g)); }),
             ContainsSubstring("does not begin with"));
  CHECK_THAT(
      verdict([](GuestRecord& g) { g.command_line = text<Line>(verity_arguments(g) + "root=/dev/vda"); }),
      ContainsSubstring("\"root=/dev/vda\" contradicts"));
  // Any change of what it is bound to.
  CHECK_THAT(verdict([](GuestRecord& g) { verity_of(g).root_hash[31] ^= 1; }),
             ContainsSubstring("does not begin"));
  CHECK_THAT(verdict([](GuestRecord& g) { verity_of(g).hash_offset += 512; }),
             ContainsSubstring("does not begin"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[1].id = text<Id>("other"); }),
             ContainsSubstring("does not begin"));
  CHECK_THAT(verdict([](GuestRecord& g) { verity_of(g).mount = VerityMount::usr; }),
             ContainsSubstring("does not begin"));
}

TEST_CASE("a malformed record of verity is refused", "[policy]") {
  CHECK_THAT(verdict([](GuestRecord& g) { g.disks[1].access = DiskAccess::read_write; }),
             ContainsSubstring("disks[1].verity needs read_only"));
  CHECK_THAT(verdict([](GuestRecord& g) { verity_of(g).mount = VerityMount{3}; }),
             ContainsSubstring("mount must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { verity_of(g).mount = VerityMount::none; }),
             ContainsSubstring("mount must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { verity_of(g).hash_bytes = 65; }),
             ContainsSubstring("root_hash must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { verity_of(g).root_hash = {}; }),
             ContainsSubstring("root_hash must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { verity_of(g).root_hash[32] = 1; }),
             ContainsSubstring("root_hash must be"));
  CHECK_THAT(verdict([](GuestRecord& g) { verity_of(g).hash_offset = 513; }),
             ContainsSubstring("steps of 512"));
  CHECK_THAT(verdict([](GuestRecord& g) { verity_of(g).hash_offset = 0; }),
             ContainsSubstring("where is the tree?"));
  // The other disk is written to; it has no id of this name; it is the disk itself.
  for (const auto* id : {"root", "none", "data"}) {
    CHECK_THAT(verdict([id](GuestRecord& g) { verity_of(g).hash_disk = text<Id>(id); }),
               ContainsSubstring("hash_disk must be the id of another disk"));
  }
  // The other disk has a tree of its own.
  CHECK_THAT(verdict([](GuestRecord& g) {
               g.disks[0].access = DiskAccess::read_only;
               g.disks[0].verity = verity_of(g);
               g.disks[0].verity.mount = VerityMount::usr;
               verity_of(g).hash_disk = text<Id>("root");
             }),
             ContainsSubstring("disks[1].verity.hash_disk must be the id of another disk"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.initrd = {}; }), ContainsSubstring("needs boot.initrd"));
  CHECK_THAT(verdict([](GuestRecord& g) {
               g.disks[0].access = DiskAccess::read_only;
               g.disks[0].verity = verity_of(g);
             }),
             ContainsSubstring("another disk is mounted there already"));
}
