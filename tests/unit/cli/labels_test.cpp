#include "cli/inspect/labels.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/unique_fd.hpp"
#include "scratch.hpp"

using namespace immure;
using namespace immure::cli;

TEST_CASE("the label of a file that a process holds is read through /proc", "[cli]") {
  const Scratch scratch;
  const UniqueFd file(::open(scratch.write("a", "text").c_str(), O_RDONLY | O_CLOEXEC));
  const auto self = ProcessDirectory::open(::getpid());
  REQUIRE(self);
  const std::string label = "system_u:object_r:immure_image_t:s0:c1,c2";
  if (::fsetxattr(file.get(), "security.selinux", label.c_str(), label.size() + 1, 0) != 0)
    SKIP("this file system or user cannot set security.selinux");
  const auto read = label_of_process_file(*self, "fd/" + std::to_string(file.get()));
  REQUIRE(read);
  CHECK(*read == label);
}

TEST_CASE("the label of a file that is not held any more is an error", "[cli]") {
  const auto self = ProcessDirectory::open(::getpid());
  REQUIRE(self);
  int pipe[2];
  REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
  const UniqueFd reader(pipe[0]);
  UniqueFd writer(pipe[1]);
  const auto place = "fd/" + std::to_string(writer.get());
  CHECK(label_of_process_file(*self, place));
  writer.reset();
  const auto gone = label_of_process_file(*self, place);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().message.contains("read the label of /proc/"));
}

TEST_CASE("a process has the label that the kernel gives it, or none", "[cli]") {
  const auto self = ProcessDirectory::open(::getpid());
  REQUIRE(self);
  CHECK(label_of_process(*self));
}
