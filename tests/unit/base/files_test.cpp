#include "base/files.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <stdlib.h>

using namespace immure;

namespace {

/// A directory with a file and a symbolic link to it.
struct Scratch {
  std::string path = "/tmp/immure-files-XXXXXX";
  Scratch() {
    REQUIRE(::mkdtemp(path.data()) != nullptr);
    UniqueFd(::open((path + "/file").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)).reset();
    std::filesystem::create_symlink("file", path + "/link");
  }
  ~Scratch() { std::filesystem::remove_all(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

}  // namespace

TEST_CASE("a symbolic link is refused by name, in the last part of a path and before it", "[base]") {
  const Scratch scratch;
  CHECK(open_file(scratch.path + "/file", O_RDONLY, Links::refused));
  CHECK(open_file(scratch.path + "/link", O_RDONLY, Links::followed));
  const auto refused = open_file(scratch.path + "/link", O_RDONLY, Links::refused);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.contains("symbolic link"));
  CHECK(refused.error().error_number == ELOOP);
  std::filesystem::create_directory_symlink(scratch.path, scratch.path + "/alias");
  CHECK_FALSE(open_file(scratch.path + "/alias/file", O_RDONLY, Links::refused));
}

TEST_CASE("a lock keeps another open file description out, and goes with its fd", "[base]") {
  const Scratch scratch;
  const auto open = [&] { return *open_file(scratch.path + "/file", O_RDWR, Links::refused); };
  const auto first = open();
  auto second = open();
  CHECK(*try_lock(first.get(), LockKind::shared));
  CHECK(*try_lock(second.get(), LockKind::shared));
  CHECK_FALSE(*try_lock(first.get(), LockKind::exclusive));
  second.reset();
  CHECK(*try_lock(first.get(), LockKind::exclusive));
  CHECK_FALSE(*try_lock(open().get(), LockKind::shared));
  CHECK_FALSE(try_lock(-1, LockKind::shared));
}

TEST_CASE("a wait for a lock ends after its seconds, or once the lock is free", "[base]") {
  const Scratch scratch;
  const auto open = [&] { return *open_file(scratch.path + "/file", O_RDWR, Links::refused); };
  auto first = open();
  const auto second = open();
  REQUIRE(*try_lock(first.get(), LockKind::exclusive));
  // As a parent may have left it.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  REQUIRE(::sigprocmask(SIG_BLOCK, &all, &before) == 0);
  CHECK_FALSE(*wait_for_lock(second.get(), LockKind::exclusive, 1));
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    first.reset();
  });
  CHECK(*wait_for_lock(second.get(), LockKind::exclusive, 60));
  other.join();
  CHECK_FALSE(wait_for_lock(-1, LockKind::exclusive, 1));
  REQUIRE(::sigprocmask(SIG_SETMASK, &before, nullptr) == 0);
}

TEST_CASE("a directory is listed and a link is read", "[base]") {
  const Scratch scratch;
  auto names = *list_directory(UniqueFd(::open(scratch.path.c_str(), O_DIRECTORY | O_RDONLY)), scratch.path);
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"file", "link"});
  CHECK_FALSE(list_directory(UniqueFd(), "nothing"));
  CHECK(*read_link(AT_FDCWD, scratch.path + "/link") == "file");
  CHECK(read_link(AT_FDCWD, scratch.path + "/none").error().error_number == ENOENT);
}
