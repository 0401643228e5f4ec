#include <fstream>
#include <map>
#include <set>
#include <string>

#include <asm/unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/io_uring.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "policy/seccomp/compiled_filters.hpp"
#include "policy/seccomp/kvm_uapi.hpp"
#include "policy/seccomp/vhost_uapi.hpp"
#include "tests/unit/policy/seccomp/calls.hpp"

using namespace immure::policy::seccomp;
using test::call;

namespace {

constexpr std::uint32_t kill = SECCOMP_RET_KILL_PROCESS;
constexpr std::uint32_t allow = SECCOMP_RET_ALLOW;

std::uint32_t ask(Profile profile, const seccomp_data& data) {
  return evaluate(compiled_filter(profile), data).value();
}

/// The numbers of the calls that a profile's text names: the first word of each line, without the project's
/// own parser.
std::set<int> numbers_in_text(Profile profile) {
  std::ifstream file(std::string(IMMURE_PROFILES) + "/" + std::string(profile_name(profile)) + ".policy");
  std::set<int> numbers;
  for (std::string line; std::getline(file, line);) {
    const auto name = line.substr(0, line.find_first_of(" :#"));
    if (!name.empty()) numbers.insert(seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86_64, name.c_str()));
  }
  return numbers;
}

/// Those of our own programs. passt is not ours: it opens its libraries and makes sockets.
constexpr std::array own_profiles{Profile::launch,  Profile::vmm_control, Profile::vmm_vcpu, Profile::vmm_io,
                                  Profile::monitor, Profile::net,         Profile::attest};

}  // namespace

TEST_CASE("every system call that is not on a profile kills the process", "[seccomp]") {
  for (const auto profile : all_profiles) {
    const auto listed = numbers_in_text(profile);
    REQUIRE(listed.size() >= 10);
    REQUIRE_FALSE(listed.contains(-1));
    for (int number = 0; number <= 500; ++number) {
      INFO(profile_name(profile) << ", system call " << number);
      if (!listed.contains(number)) {
        CHECK(ask(profile, call(number)) == kill);
        CHECK(ask(profile, call(number, {~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL})) == kill);
      }
    }
    CHECK(ask(profile, call(-1)) == kill);
    CHECK(ask(profile, call(0x7fff'ffff)) == kill);
  }
}

TEST_CASE("every call of another architecture kills the process", "[seccomp]") {
  for (const auto profile : all_profiles) {
    for (int number = 0; number <= 500; ++number) {
      INFO(profile_name(profile) << ", system call " << number);
      for (const std::uint32_t arch : std::array<std::uint32_t, 3>{AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, 0}) {
        auto data = call(number);
        data.arch = arch;
        CHECK(ask(profile, data) == kill);
      }
      CHECK(ask(profile, call(number | __X32_SYSCALL_BIT)) == kill);
    }
  }
}

TEST_CASE("no profile lets a program reach files, the network, other processes or the kernel", "[seccomp]") {
  const std::map<const char*, long> forbidden{
      {"open", __NR_open},
      {"openat", __NR_openat},
      {"openat2", __NR_openat2},
      {"creat", __NR_creat},
      {"open_by_handle_at", __NR_open_by_handle_at},
      {"socket", __NR_socket},
      {"socketpair", __NR_socketpair},
      {"connect", __NR_connect},
      {"bind", __NR_bind},
      {"listen", __NR_listen},
      {"execve", __NR_execve},
      {"fork", __NR_fork},
      {"vfork", __NR_vfork},
      {"ptrace", __NR_ptrace},
      {"process_vm_readv", __NR_process_vm_readv},
      {"process_vm_writev", __NR_process_vm_writev},
      {"pidfd_open", __NR_pidfd_open},
      {"pidfd_getfd", __NR_pidfd_getfd},
      {"kill", __NR_kill},
      {"tkill", __NR_tkill},
      {"bpf", __NR_bpf},
      {"perf_event_open", __NR_perf_event_open},
      {"userfaultfd", __NR_userfaultfd},
      {"keyctl", __NR_keyctl},
      {"add_key", __NR_add_key},
      {"mount", __NR_mount},
      {"umount2", __NR_umount2},
      {"move_mount", __NR_move_mount},
      {"fsopen", __NR_fsopen},
      {"pivot_root", __NR_pivot_root},
      {"chroot", __NR_chroot},
      {"unshare", __NR_unshare},
      {"setns", __NR_setns},
      {"setuid", __NR_setuid},
      {"setresuid", __NR_setresuid},
      {"capset", __NR_capset},
      {"personality", __NR_personality},
      {"init_module", __NR_init_module},
      {"kexec_load", __NR_kexec_load},
      {"memfd_create", __NR_memfd_create},
      {"pkey_mprotect", __NR_pkey_mprotect},
      {"remap_file_pages", __NR_remap_file_pages},
      {"shmat", __NR_shmat},
      {"modify_ldt", __NR_modify_ldt},
      {"iopl", __NR_iopl},
      {"unlinkat", __NR_unlinkat},
      {"linkat", __NR_linkat},
      {"setxattr", __NR_setxattr},
      {"chmod", __NR_chmod},
      {"setrlimit", __NR_setrlimit},
  };
  // It gives its capabilities up after it has used them; and its library goes on without the file it asks
  // for.
  const std::map<std::pair<Profile, long>, std::uint32_t> but{
      {{Profile::net, __NR_capset}, allow}, {{Profile::net, __NR_openat}, SECCOMP_RET_ERRNO | EPERM}};
  for (const auto profile : own_profiles) {
    for (const auto& [name, number] : forbidden) {
      INFO(profile_name(profile) << ": " << name);
      const auto other = but.find({profile, number});
      CHECK(ask(profile, call(number)) == (other == but.end() ? kill : other->second));
    }
  }
}

TEST_CASE("no profile maps or makes executable memory", "[seccomp]") {
  for (const auto profile : own_profiles) {
    INFO(profile_name(profile));
    CHECK(ask(profile, call(__NR_mmap, {0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE})) == allow);
    CHECK(ask(profile, call(__NR_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE})) == kill);
    CHECK(ask(profile, call(__NR_mmap, {0, 4096, PROT_EXEC, MAP_PRIVATE})) == kill);
    // The io thread's heap grows by brk and mmap alone: there is one heap, the main thread's.
    const auto changes_protection = profile == Profile::vmm_io ? kill : allow;
    CHECK(ask(profile, call(__NR_mprotect, {0, 4096, PROT_READ})) == changes_protection);
    CHECK(ask(profile, call(__NR_mprotect, {0, 4096, PROT_READ | PROT_EXEC})) == kill);
  }
}

TEST_CASE("a vCPU thread has the ioctls of a running guest and no other", "[seccomp]") {
  CHECK(ask(Profile::vmm_vcpu, call(__NR_ioctl, {9, KVM_RUN})) == allow);
  CHECK(ask(Profile::vmm_vcpu, call(__NR_ioctl, {9, KVM_SET_GSI_ROUTING})) == allow);
  CHECK(ask(Profile::vmm_vcpu, call(__NR_ioctl, {9, TUNSETOFFLOAD})) == allow);
  CHECK(ask(Profile::vmm_vcpu, call(__NR_ioctl, {9, TUNSETIFF})) == kill);
  CHECK(ask(Profile::vmm_vcpu, call(__NR_ioctl, {9, KVM_SET_USER_MEMORY_REGION})) == kill);
  CHECK(ask(Profile::vmm_vcpu, call(__NR_ioctl, {9, KVM_CREATE_VM})) == kill);
  CHECK(ask(Profile::vmm_vcpu, call(__NR_ioctl, {9, KVM_RUN + 1})) == kill);
  // The kernel reads 32 bits of a request; a filter that compared 32 bits would allow more spellings than
  // one.
  CHECK(ask(Profile::vmm_vcpu, call(__NR_ioctl, {9, KVM_RUN | 1ULL << 32})) == kill);
  CHECK(ask(Profile::vmm_vcpu, call(__NR_ioctl, {9, TIOCSTI})) == kill);
}

TEST_CASE("vhost-net is taken before the guest runs, and then only started and stopped", "[seccomp]") {
  using Requests = std::initializer_list<unsigned long>;
  const auto asked = [](Profile profile, unsigned long request) {
    return ask(profile, call(__NR_ioctl, {9, request}));
  };
  for (const auto request : Requests{VHOST_GET_FEATURES, VHOST_SET_OWNER, VHOST_SET_MEM_TABLE,
                                     VHOST_SET_VRING_KICK, VHOST_SET_VRING_CALL, VHOST_SET_VRING_ERR}) {
    CHECK(asked(Profile::launch, request) == allow);
    for (const auto profile : {Profile::vmm_control, Profile::vmm_vcpu, Profile::vmm_io, Profile::monitor})
      CHECK(asked(profile, request) == kill);
  }
  for (const auto request :
       {VHOST_SET_FEATURES, VHOST_SET_VRING_NUM, VHOST_SET_VRING_BASE, VHOST_SET_VRING_ADDR}) {
    CHECK(asked(Profile::launch, request) == allow);
    CHECK(asked(Profile::vmm_vcpu, request) == allow);
    CHECK(asked(Profile::vmm_io, request) == kill);
    CHECK(asked(Profile::vmm_control, request) == kill);
  }
  CHECK(asked(Profile::vmm_vcpu, VHOST_NET_SET_BACKEND) == allow);
  CHECK(asked(Profile::vmm_io, VHOST_NET_SET_BACKEND) == allow);
  CHECK(asked(Profile::vmm_control, VHOST_NET_SET_BACKEND) == kill);
  for (const auto request : Requests{VHOST_RESET_OWNER, VHOST_SET_LOG_BASE, VHOST_GET_VRING_BASE})
    CHECK(asked(Profile::launch, request) == kill);
}

TEST_CASE("after its start the VMM creates no thread and executes nothing", "[seccomp]") {
  for (const auto profile : {Profile::vmm_control, Profile::vmm_vcpu, Profile::vmm_io, Profile::monitor}) {
    INFO(profile_name(profile));
    for (const long number : {__NR_clone, __NR_clone3, __NR_execveat, __NR_seccomp, __NR_prctl}) {
      CHECK(ask(profile, call(number, {0, 0, 0, 0, AT_EMPTY_PATH})) == kill);
    }
  }
}

TEST_CASE("rings of io_uring are made and locked down before the guest runs, and only entered later",
          "[seccomp]") {
  for (const auto profile : all_profiles) {
    INFO(profile_name(profile));
    const auto expected = profile == Profile::launch ? allow : kill;
    CHECK(ask(profile, call(__NR_io_uring_setup)) == expected);
    CHECK(ask(profile, call(__NR_io_uring_register)) == expected);
  }
  for (const auto profile : {Profile::vmm_io, Profile::vmm_vcpu}) {
    CHECK(ask(profile, call(__NR_io_uring_enter, {9, 1, 0, 0})) == allow);
    CHECK(ask(profile, call(__NR_io_uring_enter, {9, 0, 1, IORING_ENTER_GETEVENTS})) == allow);
    CHECK(ask(profile, call(__NR_io_uring_enter, {9, 0, 0, IORING_ENTER_SQ_WAKEUP})) == kill);
    CHECK(ask(profile, call(__NR_io_uring_enter, {9, 0, 1, IORING_ENTER_EXT_ARG | IORING_ENTER_GETEVENTS})) ==
          kill);
  }
  CHECK(ask(Profile::vmm_control, call(__NR_io_uring_enter, {9, 1, 0, 0})) == kill);
  CHECK(ask(Profile::monitor, call(__NR_io_uring_enter, {9, 1, 0, 0})) == kill);
}

TEST_CASE("only the monitor accepts connections, and only the io thread touches disks", "[seccomp]") {
  for (const auto profile : {Profile::vmm_control, Profile::vmm_vcpu, Profile::vmm_io}) {
    CHECK(ask(profile, call(__NR_accept4)) == kill);
  }
  CHECK(ask(Profile::monitor, call(__NR_accept4)) == allow);
  CHECK(ask(Profile::vmm_io, call(__NR_pwritev)) == allow);
  CHECK(ask(Profile::vmm_vcpu, call(__NR_pwritev)) == kill);
  CHECK(ask(Profile::vmm_control, call(__NR_pwritev)) == kill);
}

TEST_CASE("the launch profile starts threads but no process, and executes a descriptor only", "[seccomp]") {
  constexpr std::uint64_t thread_flags = 0x3d0f00;  // what pthread_create(3) passes: nptl/pthread_create.c
  CHECK(ask(Profile::launch, call(__NR_clone, {thread_flags})) == allow);
  CHECK(ask(Profile::launch, call(__NR_clone, {17 /* SIGCHLD: fork */})) == kill);
  CHECK(ask(Profile::launch, call(__NR_clone, {thread_flags | 0x1000'0000 /* CLONE_NEWUSER */})) == kill);
  CHECK(ask(Profile::launch, call(__NR_clone3)) == (SECCOMP_RET_ERRNO | 38U /* ENOSYS */));
  CHECK(ask(Profile::launch, call(__NR_execveat, {5, 0, 0, 0, AT_EMPTY_PATH})) == allow);
  CHECK(ask(Profile::launch, call(__NR_execveat, {5, 0, 0, 0, 0})) == kill);
}

TEST_CASE("the strict profiles stay short", "[seccomp]") {
  CHECK(numbers_in_text(Profile::vmm_control).size() <= 45);
  CHECK(numbers_in_text(Profile::vmm_vcpu).size() <= 25);
  CHECK(numbers_in_text(Profile::vmm_io).size() <= 20);
  CHECK(numbers_in_text(Profile::monitor).size() <= 45);
  CHECK(numbers_in_text(Profile::attest).size() <= 30);
}

TEST_CASE("what a strict profile allows, launch allows too: the stricter of both answers counts",
          "[seccomp]") {
  const auto launch = numbers_in_text(Profile::launch);
  for (const auto profile : {Profile::vmm_control, Profile::vmm_vcpu, Profile::vmm_io, Profile::monitor}) {
    for (const int number : numbers_in_text(profile)) {
      INFO(profile_name(profile) << ", system call " << number);
      CHECK(launch.contains(number));
    }
  }
}

TEST_CASE("passt opens files to read, and makes sockets of the network that carry no raw packet",
          "[seccomp]") {
  const auto passt = [](long number, std::array<std::uint64_t, 6> arguments) {
    return ask(Profile::passt, call(number, arguments));
  };
  const std::uint64_t here = static_cast<std::uint32_t>(AT_FDCWD);
  CHECK(passt(__NR_openat, {here, 0, O_RDONLY | O_CLOEXEC}) == allow);
  for (const auto flags : std::initializer_list<std::uint64_t>{O_WRONLY, O_RDWR, O_RDONLY | O_CREAT,
                                                               O_RDONLY | O_TRUNC, O_RDWR | O_TMPFILE})
    CHECK(passt(__NR_openat, {here, 0, flags}) == kill);
  for (const auto family : std::initializer_list<std::uint64_t>{AF_INET, AF_INET6}) {
    CHECK(passt(__NR_socket, {family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP}) == allow);
    CHECK(passt(__NR_socket, {family, SOCK_DGRAM, IPPROTO_UDP}) == allow);
    CHECK(passt(__NR_socket, {family, SOCK_DGRAM, IPPROTO_ICMP}) == allow);
    CHECK(passt(__NR_socket, {family, SOCK_RAW, IPPROTO_TCP}) == kill);
    CHECK(passt(__NR_socket, {family, SOCK_STREAM, IPPROTO_SCTP}) == kill);
  }
  CHECK(passt(__NR_socket, {AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE}) == allow);
  CHECK(passt(__NR_socket, {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER}) == kill);
  CHECK(passt(__NR_socket, {AF_PACKET, SOCK_RAW, 0}) == kill);
  CHECK(passt(__NR_socket, {AF_VSOCK, SOCK_STREAM, 0}) == kill);
  CHECK(passt(__NR_socket, {AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0}) ==
        (SECCOMP_RET_ERRNO | 13U /* EACCES */));
}

TEST_CASE("passt makes an empty root for itself, and nothing else of what a user namespace would let it",
          "[seccomp]") {
  const auto passt = [](long number, std::array<std::uint64_t, 6> arguments) {
    return ask(Profile::passt, call(number, arguments));
  };
  CHECK(passt(__NR_unshare, {CLONE_NEWUSER}) == allow);
  CHECK(passt(__NR_unshare, {CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID}) == allow);
  CHECK(passt(__NR_unshare, {CLONE_NEWNET}) == kill);
  CHECK(passt(__NR_unshare, {CLONE_NEWUSER | CLONE_NEWNET}) == kill);
  CHECK(passt(__NR_mount, {0, 0, 0, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC}) == allow);
  for (const auto flags : std::initializer_list<std::uint64_t>{
           0, MS_BIND, MS_NOSUID, MS_RDONLY | MS_NOSUID | MS_NODEV, MS_MOVE, MS_REMOUNT})
    CHECK(passt(__NR_mount, {0, 0, 0, flags}) == kill);
  CHECK(passt(__NR_umount2, {0, MNT_DETACH}) == kill);
  CHECK(passt(__NR_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE}) == allow);
  CHECK(passt(__NR_mmap, {0, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE}) == kill);
  CHECK(passt(__NR_mprotect, {0, 4096, PROT_READ | PROT_EXEC}) == kill);
  CHECK(passt(__NR_execveat, {5, 0, 0, 0, AT_EMPTY_PATH}) == allow);
  CHECK(passt(__NR_execve, {}) == (SECCOMP_RET_ERRNO | 13U /* EACCES */));
  for (const long number : {__NR_clone, __NR_fork, __NR_ptrace, __NR_bpf, __NR_keyctl, __NR_setns, __NR_open,
                            __NR_openat2, __NR_unlinkat, __NR_io_uring_setup, __NR_setxattr, __NR_kill}) {
    INFO(number);
    CHECK(passt(number, {}) == kill);
  }
}
