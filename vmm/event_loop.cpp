#include "vmm/event_loop.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace immure::vmm {

Result<EventLoop> EventLoop::create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_error("epoll_create1");
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return system_error("eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // no watch: the wake-up of stop()
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) return system_error("epoll_ctl");
  return EventLoop(std::move(epoll), std::move(wake));
}

Result<void> EventLoop::add(int fd, std::uint32_t events, Handler handler) {
  auto watch = std::make_unique<Watch>(Watch{.fd = fd, .handler = std::move(handler)});
  epoll_event event{};
  event.events = events;
  event.data.ptr = watch.get();
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return system_error("watch file descriptor " + std::to_string(fd));
  watches_.push_back(std::move(watch));
  return {};
}

Result<void> EventLoop::remove(int fd) {
  const auto found = std::ranges::find_if(watches_, [fd](const auto& watch) { return watch->fd == fd; });
  if (found == watches_.end()) return invalid("file descriptor " + std::to_string(fd) + " is not watched");
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) != 0)
    return system_error("stop watching file descriptor " + std::to_string(fd));
  (*found)->fd = -1;
  removed_.push_back(std::move(*found));
  watches_.erase(found);
  return {};
}

Result<void> EventLoop::run() {
  while (!stopped_) IMMURE_TRY(wait(-1));
  return {};
}

Result<void> EventLoop::run_once(std::chrono::milliseconds timeout) {
  return wait(static_cast<int>(timeout.count()));
}

Result<void> EventLoop::wait(int timeout) {
  std::array<epoll_event, 32> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
  if (count < 0) {
    if (errno == EINTR) return {};
    return system_error("epoll_wait");
  }
  for (const auto& event : std::span(events).first(static_cast<std::size_t>(count))) {
    auto* const watch = static_cast<Watch*>(event.data.ptr);
    if (watch == nullptr) {
      stopped_ = true;
    } else if (watch->fd >= 0) {
      watch->handler(event.events);
    }
  }
  removed_.clear();
  return {};
}

void EventLoop::stop() { (void)::eventfd_write(wake_.get(), 1); }

}  // namespace immure::vmm
