#include "vmm/event_loop.hpp"

#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <sys/epoll.h>
#include <sys/eventfd.h>

using namespace immure;
using namespace immure::vmm;

namespace {

UniqueFd make_eventfd() { return UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

}  // namespace

TEST_CASE("an event loop calls the handler of the descriptor that is ready", "[event_loop]") {
  auto loop = EventLoop::create();
  REQUIRE(loop);
  const auto first = make_eventfd();
  const auto second = make_eventfd();
  int first_calls = 0;
  int second_calls = 0;
  REQUIRE(loop->add(first.get(), EPOLLIN, [&](std::uint32_t events) {
    CHECK(events == EPOLLIN);
    ++first_calls;
  }));
  REQUIRE(loop->add(second.get(), EPOLLIN | EPOLLET, [&](std::uint32_t) { ++second_calls; }));
  REQUIRE(::eventfd_write(first.get(), 1) == 0);
  REQUIRE(loop->run_once(std::chrono::milliseconds(0)));
  CHECK(first_calls == 1);
  CHECK(second_calls == 0);
}

TEST_CASE("a handler may remove itself and the others", "[event_loop]") {
  auto loop = EventLoop::create();
  REQUIRE(loop);
  const auto first = make_eventfd();
  const auto second = make_eventfd();
  int calls = 0;
  const auto handler = [&](std::uint32_t) {
    ++calls;
    CHECK(loop->remove(first.get()));
    CHECK(loop->remove(second.get()));
  };
  REQUIRE(loop->add(first.get(), EPOLLIN, handler));
  REQUIRE(loop->add(second.get(), EPOLLIN, handler));
  (void)::eventfd_write(first.get(), 1);
  (void)::eventfd_write(second.get(), 1);
  REQUIRE(loop->run_once(std::chrono::milliseconds(0)));
  REQUIRE(loop->run_once(std::chrono::milliseconds(0)));
  CHECK(calls == 1);
  CHECK_FALSE(loop->remove(first.get()));
}

TEST_CASE("stop ends the loop from another thread", "[event_loop]") {
  auto loop = EventLoop::create();
  REQUIRE(loop);
  std::thread stopper([&] { loop->stop(); });
  CHECK(loop->run());
  stopper.join();
}

TEST_CASE("a descriptor that cannot be watched is an error", "[event_loop]") {
  auto loop = EventLoop::create();
  REQUIRE(loop);
  CHECK_FALSE(loop->add(-1, EPOLLIN, [](std::uint32_t) {}));
}
