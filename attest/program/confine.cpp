#include "attest/program/confine.hpp"

#include <grp.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "attest/crypto/digest.hpp"
#include "policy/seccomp/compiled_filters.hpp"
#include "policy/seccomp/install.hpp"

namespace immure::attest {
namespace {

/// The overflow uid and gid: nobody and nogroup (proc(5), /proc/sys/kernel/overflowuid).
constexpr uid_t nobody = 65534;

Result<void> limit(__rlimit_resource resource, rlim_t value, const char* what) {
  const rlimit both{.rlim_cur = value, .rlim_max = value};
  return checked(::setrlimit(resource, &both), what);
}

Result<void> become_nobody() {
  // Groups first: setgroups(2) needs the CAP_SETGID that leaving uid 0 takes away.
  IMMURE_TRY(checked(::setgroups(0, nullptr), "leave all groups"));
  IMMURE_TRY(checked(::setresgid(nobody, nobody, nobody), "become the group nogroup"));
  IMMURE_TRY(checked(::setresuid(nobody, nobody, nobody), "become nobody"));
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  IMMURE_TRY(checked(::getresuid(&real, &effective, &saved), "ask for the user"));
  if (real != nobody || effective != nobody || saved != nobody)
    return invalid("become nobody: it did not happen");
  return {};
}

Result<void> drop() {
  if (::geteuid() == 0) IMMURE_TRY(become_nobody());
  IMMURE_TRY(checked(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs"));
  IMMURE_TRY(limit(RLIMIT_CORE, 0, "forbid core dumps"));
#ifndef IMMURE_SANITIZED
  // The sanitizers reserve terabytes, start threads and open files of their own.
  IMMURE_TRY(limit(RLIMIT_AS, 4UL << 30, "limit memory"));
  IMMURE_TRY(limit(RLIMIT_NOFILE, 0, "forbid more files"));
  IMMURE_TRY(limit(RLIMIT_NPROC, 0, "forbid more processes"));
  using policy::seccomp::Profile;
  IMMURE_TRY(
      policy::seccomp::install_filter_for_all_threads(policy::seccomp::compiled_filter(Profile::attest)));
#endif
  return {};
}

}  // namespace

Expected<void> prepare_cryptography() {
  constexpr std::uint64_t options = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
                                    OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS;
  std::uint8_t random = 0;
  if (::OPENSSL_init_crypto(options, nullptr) != 1 || ::RAND_bytes(&random, 1) != 1) {
    return std::unexpected(Failure(ExitCode::failure, "OpenSSL does not start"));
  }
  IMMURE_TRY(sha384({}));
  return {};
}

Expected<void> confine() {
  if (const auto dropped = drop(); !dropped) {
    return std::unexpected(
        Failure(ExitCode::confinement_failed, "confine the parser: " + dropped.error().message));
  }
  return {};
}

}  // namespace immure::attest
