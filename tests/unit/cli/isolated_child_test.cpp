#include "policy/spec/isolated_child.hpp"

#include <csignal>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/io.hpp"
#include "base/unique_fd.hpp"
#include "scratch.hpp"

using namespace immure;
using namespace immure::cli;
using namespace immure::policy;

namespace {

/// What the child says of itself.
Result<std::string> in_child(const std::function<std::string(int)>& work, std::size_t limit = 4096) {
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return run_isolated(null.get(), limit, work);
}

}  // namespace

TEST_CASE("the parser's child reads its input and gives an answer", "[cli]") {
  const Scratch scratch;
  const UniqueFd file(::open(scratch.write("a", "hello").c_str(), O_RDONLY | O_CLOEXEC));
  const auto answer =
      run_isolated(file.get(), 4096, [](int input) { return read_text(input, 100, "a").value(); });
  REQUIRE(answer);
  CHECK(*answer == "hello");
}

TEST_CASE("the parser's child is not root, has no group and can get no privilege", "[cli]") {
  const auto answer = in_child([](int) {
    return std::to_string(::geteuid()) + " " + std::to_string(::getgroups(0, nullptr)) + " " +
           std::to_string(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  });
  REQUIRE(answer);
  if (::geteuid() == 0) {
    CHECK(*answer == "65534 0 1");
  } else {
    CHECK(answer->ends_with(" 1"));
  }
}

TEST_CASE("the parser's child has no other file and can open none", "[cli]") {
  const UniqueFd secret(::open("/dev/null", O_RDONLY));
  const int number = secret.get();
  const auto answer = in_child([number](int) {
    const bool inherited = ::fcntl(number, F_GETFD) >= 0;
    const bool opened = ::open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
    return std::string(inherited ? "inherited" : "closed") + (opened ? " opened" : " refused");
  });
  REQUIRE(answer);
#ifdef IMMURE_SANITIZED
  CHECK(answer->starts_with("closed"));  // The sanitizers need files themselves.
#else
  CHECK(*answer == "closed refused");
#endif
}

TEST_CASE("the parser's child can start no process", "[cli]") {
  const auto answer = in_child([](int) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    return std::string(child < 0 ? "refused" : "forked");
  });
  REQUIRE(answer);
  if (::geteuid() == 0) CHECK(*answer == "refused");
}

TEST_CASE("a parser that crashes is an error that says so", "[cli]") {
  const auto answer = in_child([](int) -> std::string {
    (void)::signal(SIGSEGV, SIG_DFL);
    (void)::raise(SIGSEGV);
    return {};
  });
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.contains("signal 11"));
}

TEST_CASE("a parser that throws is an error", "[cli]") {
  CHECK_FALSE(in_child([](int) -> std::string { throw std::bad_alloc(); }));
}

TEST_CASE("a parser that answers without end is stopped", "[cli]") {
  const auto answer = in_child([](int) { return std::string(1 << 20, 'x'); }, 100);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.contains("too long"));
}
