#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace immure::vmm {

/// Calls handlers when their file descriptors become ready (epoll(7)). One thread runs it; everything but
/// stop() is called before run() or on that thread.
class EventLoop {
 public:
  using Handler = std::function<void(std::uint32_t events)>;

  static Result<EventLoop> create();

  /// `events` as epoll_ctl(2) takes them (EPOLLIN, EPOLLOUT, EPOLLET, ...). The fd is watched, not owned: it
  /// stays open until remove() or the end of the loop.
  Result<void> add(int fd, std::uint32_t events, Handler handler);
  /// Also from inside a handler.
  Result<void> remove(int fd);

  /// Serves events until stop().
  Result<void> run();
  /// Waits for events once, `timeout` at most, and serves those that are there.
  Result<void> run_once(std::chrono::milliseconds timeout);
  /// From any thread: run() returns after the events at hand. Stays in force for later calls of run().
  void stop();

 private:
  struct Watch {
    int fd = -1;
    Handler handler;
  };
  EventLoop(UniqueFd epoll, UniqueFd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}

  Result<void> wait(int timeout);

  UniqueFd epoll_;
  UniqueFd wake_;
  std::vector<std::unique_ptr<Watch>> watches_;
  std::vector<std::unique_ptr<Watch>> removed_;  // a handler may remove itself while it runs
  bool stopped_ = false;
};

}  // namespace immure::vmm
