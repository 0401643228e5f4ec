#include "attest/program/confine.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attest/verity/crew.hpp"
#include "base/proc_text.hpp"

using namespace immure;
using namespace immure::attest;

namespace {

// A sanitizer's run time does not survive the filter, and leaves the tests of single calls out.

/// The wait status of a child that is confined and then does `work`.
[[maybe_unused]] int confined(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(confine() ? work() : 99);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

[[maybe_unused]] bool is_killed_by(int status, int signal) {
  return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

}  // namespace

TEST_CASE("who judges evidence is nobody and stands behind its filter, as the kernel says", "[attest]") {
  std::array<int, 2> ready{};
  std::array<int, 2> go{};
  REQUIRE(::pipe2(ready.data(), O_CLOEXEC) == 0);
  REQUIRE(::pipe2(go.data(), O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = confine() ? '+' : '-';
    (void)!::write(ready[1], &byte, 1);
    (void)!::read(go[0], &byte, 1);
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  std::ifstream file("/proc/" + std::to_string(child) + "/status");
  const std::string status{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(::write(go[1], &byte, 1) == 1);
  ::waitpid(child, nullptr, 0);
  for (const int fd : {ready[0], ready[1], go[0], go[1]}) ::close(fd);

  CHECK(byte == '+');
  CHECK(field_of(status, "NoNewPrivs:") == "1");
  if (::geteuid() == 0) {
    CHECK(field_of(status, "Uid:") == "65534 65534 65534 65534");
    CHECK(field_of(status, "Gid:") == "65534 65534 65534 65534");
    CHECK(field_of(status, "Groups:").value_or("").empty());
    CHECK(field_of(status, "CapEff:") == "0000000000000000");
  }
#ifndef IMMURE_SANITIZED
  CHECK(field_of(status, "Seccomp:") == "2");
#endif
}

TEST_CASE("threads that were there before are confined like the one that asked for it", "[attest]") {
#ifdef IMMURE_SANITIZED
  SKIP("the sanitizers' run time opens files: no filter in such a build");
#else
  const auto in_other_thread = [](const std::function<int()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      verity::Crew crew(3);
      if (!confine()) ::_exit(99);
      int result = 0;
      crew.run([&](unsigned member) {
        if (member == 2) result = work();
      });
      ::_exit(result);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  };
  CHECK(in_other_thread([] { return 0; }) == 0);
  CHECK(is_killed_by(in_other_thread([] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }), SIGSYS));
#endif
}

TEST_CASE("who judges evidence can open nothing, connect to nothing and start nothing", "[attest]") {
#ifdef IMMURE_SANITIZED
  SKIP("the sanitizers' run time opens files: no filter in such a build");
#else
  CHECK(confined([] { return 0; }) == 0);
  CHECK(is_killed_by(confined([] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }), SIGSYS));
  CHECK(is_killed_by(confined([] { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }), SIGSYS));
  CHECK(is_killed_by(confined([] { return ::fork(); }), SIGSYS));
#endif
}
