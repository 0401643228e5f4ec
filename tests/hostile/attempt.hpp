#pragma once

#include <cerrno>
#include <span>

#include "tests/hostile/targets.hpp"

namespace immure::hostile {

/// Whether an attempt got what it was after, and if not, what the kernel said.
struct Outcome {
  enum class Effect { none, had, seen_from_outside };
  Effect effect = Effect::none;
  int error_number = 0;
};

/// Of a system call: a negative result had no effect.
inline Outcome outcome_of(long result) {
  if (result < 0) return {.effect = Outcome::Effect::none, .error_number = errno};
  return {.effect = Outcome::Effect::had, .error_number = 0};
}

/// Of a system call that the kernel took up and refused only for the nonsense that was asked: it got through.
inline Outcome outcome_or_refusal(long result, int refusal) {
  if (result < 0 && errno == refusal) return {.effect = Outcome::Effect::had, .error_number = 0};
  return outcome_of(result);
}

/// Of one whose effect, if it has any, is on somebody else: the host looks for it while we wait.
inline Outcome seen_from_outside(long result) {
  auto outcome = outcome_of(result);
  if (outcome.effect == Outcome::Effect::had) outcome.effect = Outcome::Effect::seen_from_outside;
  return outcome;
}

/// Of anything else that can be asked.
constexpr Outcome had_effect() { return {.effect = Outcome::Effect::had, .error_number = 0}; }
constexpr Outcome had_no_effect(int error_number = 0) {
  return {.effect = Outcome::Effect::none, .error_number = error_number};
}

/// The parts of the wall beside seccomp and SELinux: which of them an attempt meets where those two let it
/// pass.
namespace behind {
constexpr const char* nothing = "";
constexpr const char* capabilities = "no capability";
constexpr const char* cgroup = "cgroup limits";
constexpr const char* descriptors = "no such descriptor";
constexpr const char* ipc_namespace = "IPC namespace";
constexpr const char* keyring = "a keyring of its own";
constexpr const char* landlock = "Landlock";
constexpr const char* message_queues = "no message queues";
constexpr const char* monitor = "monitor";
constexpr const char* network_namespace = "network namespace";
constexpr const char* not_owner = "not the owner";
constexpr const char* pid_namespace = "PID namespace";
constexpr const char* read_only = "opened for reading only";
constexpr const char* rlimits = "resource limits";
constexpr const char* root = "empty root";
constexpr const char* seals = "seals";
}  // namespace behind

/// The VMM's threads have filters of their own: an attempt is made by the kind that gets furthest with it.
enum class Thread { control, vcpu, io };

/// Whether an attempt is also made as root without any wall, to see that it has an effect there. left_out: it
/// would end the host or the test, or what it is aimed at is part of a wall.
enum class Unwalled { tried, left_out };

/// One thing that a person who has taken over a VMM would try.
struct Attempt {
  const char* name;    ///< of the table and the command: one word
  const char* what;    ///< for people
  const char* behind;  ///< what stops it where seccomp and SELinux do not
  Outcome (*make)(const Targets&);
  Thread thread = Thread::control;
  Unwalled unwalled = Unwalled::tried;
};

struct Family {
  const char* name;
  std::span<const Attempt> attempts;
};

}  // namespace immure::hostile
