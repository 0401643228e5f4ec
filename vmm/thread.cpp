#include "vmm/thread.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>

#include <pthread.h>
#include <sys/prctl.h>

namespace immure::vmm {
namespace {

constexpr std::size_t stack_bytes = 256 << 10;

struct Start {
  std::string name;
  std::function<void()> body;
};

void* run_body(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  // For those who look at the host, and for the launcher's read-back; the kernel keeps 15 bytes of it.
  static_cast<void>(::prctl(PR_SET_NAME, start->name.c_str()));
  start->body();
  // A thread ends with the process: ending it before takes system calls that nothing else here needs.
  static std::mutex mutex;
  static std::condition_variable never;
  std::unique_lock lock(mutex);
  for (;;) never.wait(lock);
}

}  // namespace

Result<void> start_thread(const char* name, std::function<void()> body) {
  auto owned = std::make_unique<Start>(Start{.name = name, .body = std::move(body)});
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, stack_bytes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  const int failed = ::pthread_create(&thread, &attributes, run_body, owned.get());
  ::pthread_attr_destroy(&attributes);
  if (failed != 0) return system_error(std::string("start thread ") + name, failed);
  (void)owned.release();  // the thread's now
  return {};
}

}  // namespace immure::vmm
