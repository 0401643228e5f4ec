#include "cli/proc/process_directory.hpp"

#include <csignal>

#include <catch2/catch_test_macros.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace immure::cli;

TEST_CASE("a process is opened only with the start time that was recorded", "[cli]") {
  const auto ticks = start_ticks_of(::getpid());
  REQUIRE(ticks != 0);
  CHECK(ProcessDirectory::open(::getpid(), ticks));
  const auto later = ProcessDirectory::open(::getpid(), ticks - 1);
  REQUIRE_FALSE(later);
  CHECK(later.error().message.contains("a later one"));
}

TEST_CASE("nothing can be read through an open process directory once the process is gone", "[cli]") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto process = ProcessDirectory::open(child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  REQUIRE(process);
  CHECK_FALSE(process->read("status"));
  CHECK_FALSE(process->link("ns/mnt"));
  CHECK(start_ticks_of(child) == 0);
}

TEST_CASE("numbers without a process are refused", "[cli]") {
  CHECK_FALSE(ProcessDirectory::open(0));
  CHECK_FALSE(ProcessDirectory::open(-1));
}

TEST_CASE("open file descriptors are listed by number", "[cli]") {
  const auto process = ProcessDirectory::open(::getpid());
  REQUIRE(process);
  std::vector<int> extra;
  for (int i = 0; i < 12; ++i) extra.push_back(::dup(0));
  const auto names = process->list("fd");
  for (const int fd : extra) ::close(fd);
  REQUIRE(names);
  CHECK(names->front() == "0");
  for (std::size_t i = 1; i < names->size(); ++i) {
    CHECK(std::stoi((*names)[i - 1]) < std::stoi((*names)[i]));
  }
}
