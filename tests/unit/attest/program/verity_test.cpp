// Disks with dm-verity roots, and fs-verity digests of files that are not under it, by the program itself.
#include <nlohmann/json.hpp>

#include "attest/crypto/digest.hpp"
#include "tests/unit/attest/program/guest.hpp"
#include "tests/unit/attest/verity/trees.hpp"

using namespace immure;
using namespace immure::attest;
using namespace immure::attest::test;

namespace {

/// The guest, whose root disk has a tree behind its data.
struct VerityGuest {
  GuestOnDisk guest;
  TreeOnDisk tree{{.blocks = 300, .salt = "aa55", .behind_data = 4096}};

  VerityGuest() { write_spec(tree.root_hex); }
  void write_spec(const std::string& root_hash, const std::string& disk = "") {
    guest.spec = guest.scratch.write(
        "web.toml",
        "name = \"web\"\n[boot]\nkernel = \"vmlinuz\"\ninitrd = \"initrd\"\n[[disks]]\nid = \"root\"\npath = "
        "\"" +
            tree.data + "\"\nformat = \"raw\"\nread_only = true\nverity = { root_hash = \"" + root_hash +
            "\", " +
            (disk.empty() ? "hash_offset = " + std::to_string(tree.offset) : "hash_disk = \"tree\"") +
            " }\n" + disk);
  }
  [[nodiscard]] Outcome measured(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"measure", guest.spec, "--json"};
    all.insert(all.end(), more.begin(), more.end());
    return run_program(guest.with(all));
  }
};

nlohmann::json event(const Outcome& outcome, const std::string& name) {
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  const auto json = nlohmann::json::parse(outcome.out);
  for (const auto& each : json["events"]) {
    if (each["name"] == name) return each;
  }
  FAIL("there is no event " << name);
  return {};
}

}  // namespace

TEST_CASE("a disk with a dm-verity root is measured by that, and what binds the guest to it is, too",
          "[attest]") {
  VerityGuest test;
  const auto outcome = test.measured();
  const auto disk = event(outcome, "disk:root");
  CHECK(disk["dm-verity-sha256"] == test.tree.root_hex);
  CHECK(disk["size"] == test.tree.data_bytes);
  CHECK_FALSE(disk.contains("sha256"));
  const auto line =
      "systemd.verity=1 roothash=" + test.tree.root_hex +
      " systemd.verity_root_data=/dev/disk/by-id/virtio-root "
      "systemd.verity_root_hash=/dev/disk/by-id/virtio-root systemd.verity_root_options=hash-offset=" +
      std::to_string(test.tree.offset) + " root=/dev/mapper/root ";
  CHECK(event(outcome, "command-line")["sha256"] == to_hex(*sha256(bytes_of_text(line))));
  // It is not too large, as it is not read.
  CHECK(test.measured({"--largest-disk", "1"}).status == 0);
  CHECK(event(test.measured({"--check-verity"}), "disk:root") == disk);
}

TEST_CASE("a tree on another disk is measured by the root, too, and that disk by its hashes", "[attest]") {
  VerityGuest test;
  const TreeOnDisk other({.blocks = 300, .hash = "sha512", .salt = "aa55"});
  test.tree.data = other.data;
  test.write_spec(other.root_hex, "[[disks]]\nid = \"tree\"\npath = \"" + other.hashes +
                                      "\"\nformat = \"raw\"\nread_only = true\n");
  const auto outcome = test.measured({"--check-verity"});
  CHECK(event(outcome, "disk:root")["dm-verity-sha512"] == other.root_hex);
  CHECK(event(outcome, "disk:tree").contains("sha256"));
}

TEST_CASE("a disk that is not of its root hash is refused, as a file that is not what it must be",
          "[attest]") {
  VerityGuest test;
  SECTION("another root") {
    auto other = test.tree.root_hex;
    other[0] = other[0] == '0' ? '1' : '0';
    test.write_spec(other);
    const auto outcome = test.measured();
    CHECK(outcome.status == 6);
    CHECK(outcome.err.contains("measure disk:root: the disk's dm-verity tree does not lead to root_hash"));
  }
  SECTION("no superblock") {
    change_byte(test.tree.hashes, test.tree.offset);
    const auto outcome = test.measured();
    CHECK(outcome.status == 6);
    CHECK(outcome.err.contains("there is no dm-verity superblock"));
  }
  SECTION("a changed block of the data, once all of it is read") {
    change_byte(test.tree.data, 5000);
    CHECK(test.measured().status == 0);
    const auto outcome = test.measured({"--check-verity"});
    CHECK(outcome.status == 6);
    CHECK(outcome.err.contains("its data is not that of root_hash"));
  }
  SECTION("an offset behind the disk's end") {
    std::filesystem::resize_file(test.tree.data, test.tree.offset + 100);
    CHECK(test.measured().status == 6);
  }
}

TEST_CASE("a disk can be measured by what fs-verity will say of it elsewhere", "[attest]") {
  const GuestOnDisk guest;
  const auto theirs = run_command({"fsverity", "digest", "--compact", guest.scratch.path("root.raw")});
  REQUIRE(theirs.status == 0);
  const auto outcome = run_program(guest.with({"measure", guest.spec, "--json", "--disks-by", "fs-verity"}));
  CHECK(event(outcome, "disk:root")["fs-verity-sha256"].get<std::string>() + "\n" == theirs.out);
  CHECK_FALSE(event(outcome, "disk:root").contains("sha256"));
  // Kernel and initrd are handed over as a whole, and hashed so.
  CHECK(event(outcome, "kernel").contains("sha256"));
  CHECK(run_program(guest.with({"measure", guest.spec, "--disks-by", "guess"})).status == 2);
}
