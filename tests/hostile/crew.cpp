#include "tests/hostile/crew.hpp"

#include <unistd.h>

#include "base/log.hpp"
#include "policy/seccomp/compiled_filters.hpp"
#include "policy/seccomp/install.hpp"
#include "tests/hostile/console.hpp"
#include "vmm/thread.hpp"

namespace immure::hostile {
namespace {

using policy::seccomp::Profile;

Profile profile_of(Thread kind) {
  switch (kind) {
    case Thread::vcpu:
      return Profile::vmm_vcpu;
    case Thread::io:
      return Profile::vmm_io;
    case Thread::control:
      break;
  }
  return Profile::vmm_control;
}

const char* word_for(Outcome::Effect effect) {
  switch (effect) {
    case Outcome::Effect::had:
      return " done ";
    case Outcome::Effect::seen_from_outside:
      return " sent ";
    case Outcome::Effect::none:
      break;
  }
  return " stopped ";
}

Result<void> stand_behind(Thread kind) {
  return policy::seccomp::install_filter(policy::seccomp::compiled_filter(profile_of(kind)));
}

}  // namespace

void make_and_say(const Attempt& attempt, const Targets& targets) {
  const auto outcome = attempt.make(targets);
  say({"outcome ", attempt.name, word_for(outcome.effect), std::to_string(outcome.error_number)});
  // The host is looking: it says when it has seen enough.
  if (outcome.effect == Outcome::Effect::seen_from_outside) static_cast<void>(next_command());
}

Result<std::uint32_t> Crew::muster() {
  IMMURE_TRY(start(Thread::vcpu));
  IMMURE_TRY(start(Thread::io));
  IMMURE_TRY(stand_behind(Thread::control));
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ready_ == 2; });
  return 3;
}

Result<void> Crew::start(Thread kind) {
  return vmm::start_thread(kind == Thread::vcpu ? "vcpu0" : "io", [this, kind] {
    if (auto done = stand_behind(kind); !done) {
      log_line(done.error().message);
      ::_exit(1);
    }
    wait_for_orders(kind);
  });
}

void Crew::wait_for_orders(Thread kind) {
  std::unique_lock lock(mutex_);
  ++ready_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return attempt_ != nullptr && attempt_->thread == kind; });
  make_and_say(*attempt_, *targets_);
  ::_exit(0);
}

void Crew::make(const Attempt& attempt, const Targets& targets) {
  if (attempt.thread == Thread::control) {
    make_and_say(attempt, targets);
    ::_exit(0);
  }
  std::unique_lock lock(mutex_);
  attempt_ = &attempt;
  targets_ = &targets;
  changed_.notify_all();
  // The other thread ends the process.
  while (true) changed_.wait(lock);
}

}  // namespace immure::hostile
