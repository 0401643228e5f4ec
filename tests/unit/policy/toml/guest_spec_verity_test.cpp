#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "policy/toml/guest_spec.hpp"

using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string hash = std::string(62, 'a') + "0F";
const std::string good = "{ root_hash = \"" + hash + "\", hash_offset = \"4 MiB\" }";

std::string spec(const std::string& verity, const std::string& line = "quiet", const std::string& more = "") {
  return "name = \"web\"\n[boot]\nkernel = \"/k\"\ninitrd = \"/i\"\ncommand_line = '" + line +
         "'\n[[disks]]\nid = \"os\"\npath = \"/os\"\nformat = \"raw\"\nread_only = true\nverity = " + verity +
         "\n[[disks]]\nid = \"tree\"\npath = \"/tree\"\nformat = \"raw\"\nread_only = true\n" + more;
}

GuestRecord parsed(const std::string& text) {
  const auto record = parse_guest_spec(text, "guest.toml", "/srv");
  if (!record) FAIL(record.error().message);
  return *record;
}

std::string errors(const std::string& text) {
  const auto record = parse_guest_spec(text, "guest.toml", "/srv");
  return record ? "accepted" : record.error().message;
}

const std::string front = "systemd.verity=1 roothash=" + std::string(62, 'a') +
                          "0f systemd.verity_root_data=/dev/disk/by-id/virtio-os ";

}  // namespace

TEST_CASE("a disk with verity is bound to the guest by its command line", "[policy]") {
  const auto record = parsed(spec(good));
  const auto& verity = record.disks[0].verity;
  CHECK(verity.mount == VerityMount::root);
  CHECK(verity.hash_bytes == 32);
  CHECK(verity.root_hash[31] == 0x0f);
  CHECK(verity.hash_offset == 4 << 20);
  CHECK(record.command_line.view() == front +
                                          "systemd.verity_root_hash=/dev/disk/by-id/virtio-os "
                                          "systemd.verity_root_options=hash-offset=4194304 "
                                          "root=/dev/mapper/root quiet");
  // What is printed is the same guest, with nothing in front twice.
  CHECK(parsed(print_guest_spec(record)) == record);
}

TEST_CASE("the tree may be on a disk of its own, and be of SHA-512; /usr may be what is mounted",
          "[policy]") {
  const auto record =
      parsed(spec("{ mount = \"usr\", root_hash = \"" + hash + hash + "\", hash_disk = \"tree\" }"));
  CHECK(record.disks[0].verity.hash_bytes == 64);
  CHECK_THAT(std::string(record.command_line.view()),
             ContainsSubstring("usrhash=") &&
                 ContainsSubstring(
                     "systemd.verity_usr_hash=/dev/disk/by-id/virtio-tree mount.usr=/dev/mapper/usr quiet"));
  CHECK_THAT(std::string(record.command_line.view()), !ContainsSubstring("_options"));
  CHECK(parsed(print_guest_spec(record)) == record);
}

TEST_CASE("a command line that contradicts verity is refused, however it is written", "[policy]") {
  for (const auto* word :
       {"root=/dev/vda", "rd.root=/dev/vda", "systemd.verity=0", "systemd.verity=no", "rd.systemd.verity=0",
        "roothash=00", "systemd.verity_root_options=ignore-corruption", "systemd.verity-root-data=/dev/vdb",
        "roothash", "systemd.verity_root_hash=/dev/vdb", "root=", "r\"oot=/dev/vda\"", "\\root=/dev/vda"}) {
    INFO(word);
    for (const auto& line : {std::string(word), "quiet " + std::string(word), std::string(word) + " quiet",
                             "a=\"b " + std::string(word) + "\"", "quiet -- " + std::string(word)}) {
      CHECK_THAT(errors(spec(good, line)), ContainsSubstring("guest.toml:5:16: boot.command_line: ") &&
                                               ContainsSubstring("contradicts a disk's verity"));
    }
  }
  // The kernel takes the second byte of a no-break space for a blank.
  CHECK_THAT(errors(spec(good, "a\xc2\xa0root=/dev/vda")), ContainsSubstring("contradicts"));
  // What says the same, or is about something else, is fine.
  for (const auto* line :
       {"root=/dev/mapper/root ro", "systemd.verity=1", "rootflags=noatime rootwait", "xroot=/dev/vda"}) {
    CHECK(errors(spec(good, line)) == "accepted");
  }
}

TEST_CASE("a command line that leaves no room for verity, or a guest without an initrd, is refused",
          "[policy]") {
  CHECK_THAT(errors(spec(good, std::string(2000, 'x'))),
             ContainsSubstring("boot.command_line: the text, with what"));
  auto text = spec(good);
  text.erase(text.find("initrd"), std::string("initrd = \"/i\"\n").size());
  CHECK_THAT(errors(text), ContainsSubstring("boot.initrd: there is none"));
}

TEST_CASE("verity that cannot be is an error at its place", "[policy]") {
  const auto with = [](const std::string& verity) { return errors(spec(verity)); };
  CHECK_THAT(with("{ hash_offset = 512 }"),
             ContainsSubstring("disks[0].verity.root_hash: this key is missing"));
  for (const auto* bad : {"", "aa", "xyz"}) {
    CHECK_THAT(with("{ root_hash = \"" + std::string(bad) + "\", hash_offset = 512 }"),
               ContainsSubstring("guest.toml:11:24: disks[0].verity.root_hash: "));
  }
  CHECK_THAT(with("{ root_hash = \"" + std::string(64, '0') + "\", hash_offset = 512 }"),
             ContainsSubstring("no such hash"));
  CHECK_THAT(with("{ root_hash = \"" + hash + "\" }"), ContainsSubstring("where is the tree?"));
  CHECK_THAT(with("{ root_hash = \"" + hash + "\", hash_offset = 0 }"),
             ContainsSubstring("where is the tree?"));
  CHECK_THAT(with("{ root_hash = \"" + hash + "\", hash_offset = 513 }"),
             ContainsSubstring("verity.hash_offset: "));
  CHECK_THAT(with("{ root_hash = \"" + hash + "\", hash_disk = \"nope\" }"),
             ContainsSubstring("\"nope\" is none"));
  CHECK_THAT(with("{ root_hash = \"" + hash + "\", hash_disk = \"os\" }"),
             ContainsSubstring("\"os\" is none"));
  CHECK_THAT(with("{ root_hash = \"" + hash + "\", hash_offset = 512, mount = \"home\" }"),
             ContainsSubstring("verity.mount: \"home\" is none of them; allowed: \"root\", \"usr\""));
  CHECK_THAT(with("{ root_hash = \"" + hash + "\", hash_offset = 512, salt = \"\" }"),
             ContainsSubstring("unknown key"));
  auto text = spec(good);
  text.replace(text.find("read_only = true"), 16, "read_only = false");
  CHECK_THAT(errors(text), ContainsSubstring("disks[0].read_only: a disk with verity is not written"));
  CHECK_THAT(errors(spec(good, "quiet", "verity = " + good + "\n")),
             ContainsSubstring("disks[1].verity.mount: another disk is mounted there already"));
}
