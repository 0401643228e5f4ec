#include "base/fs_verity.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fsverity.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/unique_fd.hpp"

using namespace immure;

namespace {

void answer_with_a_digest(int /*signal*/, siginfo_t* /*info*/, void* context) {
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const fsverity_digest head{.digest_algorithm = FS_VERITY_HASH_ALG_SHA256, .digest_size = 32};
  std::memcpy(reinterpret_cast<void*>(registers[REG_RDX]), &head, sizeof head);
  registers[REG_RAX] = 0;
}

/// From now on each file of this process has a digest by the ioctl, as one of a FUSE file system may say it
/// has.
bool answer_for_every_file() {
  struct sigaction action{};
  action.sa_sigaction = answer_with_a_digest;
  action.sa_flags = SA_SIGINFO;
  std::array<sock_filter, 6> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FS_IOC_MEASURE_VERITY, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  return ::sigaction(SIGSYS, &action, nullptr) == 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

TEST_CASE("a file that is not under fs-verity has no digest of it", "[base]") {
  const UniqueFd fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK_FALSE(fs_verity_of(fd.get()));
  CHECK_FALSE(fs_verity_of(-1));
}

TEST_CASE("a digest is believed on file systems of the kernel's own alone", "[base]") {
  const UniqueFd file(::memfd_create("any-file", MFD_CLOEXEC));
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::array<std::uint8_t, sizeof(fsverity_digest) + 64> answer{};
    const bool lied = answer_for_every_file() &&
                      ::ioctl(file.get(), FS_IOC_MEASURE_VERITY, answer.data()) == 0 && answer[0] != 0;
    ::_exit(!lied ? 2 : (fs_verity_of(file.get()) ? 1 : 0));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("what fs-verity says of a file is handed over as text", "[base]") {
  const FsVerity sha256{.algorithm = "sha256", .digest = std::vector<std::uint8_t>(32, 0xab)};
  const FsVerity sha512{.algorithm = "sha512", .digest = std::vector<std::uint8_t>(64, 0xcd)};
  CHECK(text_of(std::nullopt) == "-");
  CHECK(text_of(sha256).starts_with("sha256:abab"));
  for (const auto& verity : {std::optional<FsVerity>(), std::optional(sha256), std::optional(sha512)}) {
    CHECK(parse_fs_verity(text_of(verity)).value() == verity);
  }
  for (const auto* wrong : {"", "sha256", "sha256:", "sha256:abab", "--", "md5:abab", "sha512:zz"}) {
    CHECK_FALSE(parse_fs_verity(wrong));
  }
  CHECK_FALSE(parse_fs_verity("sha512" + text_of(sha256).substr(6)));
}
