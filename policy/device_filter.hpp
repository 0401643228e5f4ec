#pragma once

#include <array>

#include <linux/bpf.h>

namespace immure::policy {

/// The eBPF program that a guest's cgroup has for devices (BPF_PROG_TYPE_CGROUP_DEVICE): "no" to every
/// device. The kernel asks it where one is opened or made, and the launcher has opened what the guest has
/// from outside the cgroup, so the list of what may be opened inside is empty.
constexpr std::array<bpf_insn, 2> no_devices{
    bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
    bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};

}  // namespace immure::policy
