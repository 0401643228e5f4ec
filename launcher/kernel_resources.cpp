#include <array>

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/prctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "launcher/kernel.hpp"

namespace immure::launcher {
namespace {

long bpf(bpf_cmd command, bpf_attr& attributes) {
  return ::syscall(SYS_bpf, command, &attributes, sizeof(attributes));
}

template <typename Pointee>
std::uint64_t address_of(const Pointee* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}

}  // namespace

Result<void> Kernel::attach_filter(const std::string& cgroup, const policy::CgroupFilter& filter) {
  const std::string name = filter.name;
  const auto directory = IMMURE_TRY(open(cgroup, O_RDONLY | O_DIRECTORY, Links::refused));
  bpf_attr load{};
  load.prog_type = filter.type;
  load.expected_attach_type = filter.attach;
  load.insns = address_of(filter.program.data());
  load.insn_cnt = static_cast<std::uint32_t>(filter.program.size());
  load.license = address_of("");
  const UniqueFd program(static_cast<int>(bpf(BPF_PROG_LOAD, load)));
  if (!program) return system_error("load the " + name);
  bpf_attr attach{};
  attach.target_fd = static_cast<std::uint32_t>(directory.get());
  attach.attach_bpf_fd = static_cast<std::uint32_t>(program.get());
  attach.attach_type = filter.attach;
  attach.attach_flags = BPF_F_ALLOW_MULTI;  // The groups above may have filters, too: each can only forbid.
  IMMURE_TRY(checked(bpf(BPF_PROG_ATTACH, attach), "attach the " + name + " to " + cgroup));
  bpf_attr query{};
  query.query.target_fd = static_cast<std::uint32_t>(directory.get());
  query.query.attach_type = filter.attach;
  IMMURE_TRY(checked(bpf(BPF_PROG_QUERY, query), "ask for the " + name + " of " + cgroup));
  if (query.query.prog_cnt == 0) return invalid(cgroup + " has no " + name + " after one was attached");
  return {};
}

Result<void> Kernel::claim_cores() {
  return tolerate(
      ENODEV,
      checked(::prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_THREAD, 0), "claim cores"));
}

Result<bool> Kernel::has_cores_alone(pid_t thread) {
  std::uint64_t cookie = 0;
  const auto asked =
      checked(::prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, thread, PR_SCHED_CORE_SCOPE_THREAD, &cookie),
              "ask for cores");
  if (!asked && asked.error().error_number == ENODEV) return true;  // A core has one hardware thread.
  IMMURE_TRY(Result<void>(asked));
  return cookie != 0;
}

}  // namespace immure::launcher
