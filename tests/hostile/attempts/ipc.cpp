#include <array>

#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

constexpr std::size_t page = 4096;
/// Keys of things that the test has made on the host, open to everybody:
/// tests/e2e/support/hostile/targets.py.
constexpr key_t on_the_host = 0x696d;

/// Of making something of System V's; where it was made, it goes again.
Outcome made(int id, int (*remove)(int)) {
  const auto outcome = outcome_of(id);
  if (outcome.effect == Outcome::Effect::had) static_cast<void>(remove(id));
  return outcome;
}

Outcome attach_to_host_memory(const Targets&) {
  const int id = ::shmget(on_the_host, page, 0);
  if (id < 0) return outcome_of(id);
  return outcome_of(::shmat(id, nullptr, 0) == reinterpret_cast<void*>(-1) ? -1 : 0);
}

Outcome make_posix_queue(const Targets&) {
  const auto queue = ::mq_open("/loot", O_RDWR | O_CREAT, 0600, nullptr);
  if (queue >= 0) ::mq_unlink("/loot");
  return outcome_of(queue);
}

Outcome add_key(int keyring) { return outcome_of(::syscall(SYS_add_key, "user", "loot", "x", 1, keyring)); }

/// That there is no such key, or no such program, is found out by starting it.
Outcome request_unknown_key(const Targets&) {
  const auto result = ::syscall(SYS_request_key, "user", "immure-none", "x", KEY_SPEC_PROCESS_KEYRING);
  return result < 0 && errno == ENOENT ? had_effect() : outcome_or_refusal(result, ENOKEY);
}

constexpr std::array attempts{
    Attempt{"host-shared-memory", "attach shared memory of a process of the host", behind::ipc_namespace,
            attach_to_host_memory},
    Attempt{"host-semaphores", "open semaphores of a process of the host", behind::ipc_namespace,
            [](const Targets&) { return outcome_of(::semget(on_the_host, 1, 0)); }},
    Attempt{"host-message-queue", "open a message queue of a process of the host", behind::ipc_namespace,
            [](const Targets&) { return outcome_of(::msgget(on_the_host, 0)); }},
    Attempt{"make-shared-memory", "make shared memory", behind::nothing,
            [](const Targets&) {
              return made(::shmget(IPC_PRIVATE, page, IPC_CREAT | 0600),
                          [](int id) { return ::shmctl(id, IPC_RMID, nullptr); });
            }},
    Attempt{"make-semaphores", "make semaphores", behind::nothing,
            [](const Targets&) {
              return made(::semget(IPC_PRIVATE, 1, IPC_CREAT | 0600),
                          [](int id) { return ::semctl(id, 0, IPC_RMID); });
            }},
    Attempt{"make-message-queue", "make a message queue", behind::nothing,
            [](const Targets&) {
              return made(::msgget(IPC_PRIVATE, IPC_CREAT | 0600),
                          [](int id) { return ::msgctl(id, IPC_RMID, nullptr); });
            }},
    Attempt{"make-posix-queue", "make a POSIX message queue", behind::message_queues, make_posix_queue},
    Attempt{"list-shared-memory", "ask the kernel for all shared memory", behind::ipc_namespace,
            [](const Targets&) {
              // By their indexes, of which the kernel takes the next for each that is made: there is one on
              // the host.
              constexpr int stat_any = 15, indexes = 256;  // SHM_STAT_ANY
              Outcome last;
              for (int index = 0; index < indexes && last.effect == Outcome::Effect::none; ++index) {
                shmid_ds data{};
                last = outcome_of(::shmctl(index, stat_any, &data));
              }
              return last;
            }},
    Attempt{"add-key", "keep data in the kernel, as a key", behind::nothing,
            [](const Targets&) { return add_key(KEY_SPEC_SESSION_KEYRING); }},
    Attempt{"search-keys", "search the launcher's keyring for keys", behind::keyring,
            [](const Targets&) {
              return outcome_of(::syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
                                          "immure-hostile", 0));
            }},
    Attempt{"request-key", "have the kernel start a program of root's to fetch a key", behind::nothing,
            request_unknown_key},
    Attempt{"join-keyring", "join a keyring of another session", behind::nothing,
            [](const Targets&) {
              return outcome_of(::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "loot"));
            }},
    Attempt{"read-keyring", "list its session's keyring", behind::nothing,
            [](const Targets&) {
              std::array<char, 64> keys{};
              return outcome_of(
                  ::syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, keys.data(), keys.size()));
            }},
};

}  // namespace

const std::span<const Attempt> ipc_attempts{attempts};

}  // namespace immure::hostile
