#include "vmm/kvm/cpu_model.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "policy/cpu_features.hpp"
#include "vmm/kvm/cpuid_register.hpp"

namespace immure::vmm::kvm {
namespace {

using policy::CpuFeature;
using policy::CpuidRegister;
using policy::CpuModel;

/// A feature, and the first model that has it.
struct ModelFeature {
  CpuFeature feature;
  CpuModel since{};
};

constexpr auto v2 = CpuModel::x86_64_v2;
constexpr auto v3 = CpuModel::x86_64_v3;
constexpr auto v4 = CpuModel::x86_64_v4;

// The psABI's levels, what a 64-bit kernel cannot do without, and of the rest what every server of that level
// has, from either vendor.
constexpr std::array model_features{
    ModelFeature{{"fpu", 1, 0, CpuidRegister::edx, 0}, v2},
    ModelFeature{{"de", 1, 0, CpuidRegister::edx, 2}, v2},
    ModelFeature{{"pse", 1, 0, CpuidRegister::edx, 3}, v2},
    ModelFeature{{"tsc", 1, 0, CpuidRegister::edx, 4}, v2},
    ModelFeature{{"msr", 1, 0, CpuidRegister::edx, 5}, v2},
    ModelFeature{{"pae", 1, 0, CpuidRegister::edx, 6}, v2},
    ModelFeature{{"mce", 1, 0, CpuidRegister::edx, 7}, v2},
    ModelFeature{{"cx8", 1, 0, CpuidRegister::edx, 8}, v2},
    ModelFeature{{"apic", 1, 0, CpuidRegister::edx, 9}, v2},
    ModelFeature{{"sep", 1, 0, CpuidRegister::edx, 11}, v2},
    ModelFeature{{"mtrr", 1, 0, CpuidRegister::edx, 12}, v2},
    ModelFeature{{"pge", 1, 0, CpuidRegister::edx, 13}, v2},
    ModelFeature{{"mca", 1, 0, CpuidRegister::edx, 14}, v2},
    ModelFeature{{"cmov", 1, 0, CpuidRegister::edx, 15}, v2},
    ModelFeature{{"pat", 1, 0, CpuidRegister::edx, 16}, v2},
    ModelFeature{{"pse36", 1, 0, CpuidRegister::edx, 17}, v2},
    ModelFeature{{"clflush", 1, 0, CpuidRegister::edx, 19}, v2},
    ModelFeature{{"mmx", 1, 0, CpuidRegister::edx, 23}, v2},
    ModelFeature{{"fxsr", 1, 0, CpuidRegister::edx, 24}, v2},
    ModelFeature{{"sse", 1, 0, CpuidRegister::edx, 25}, v2},
    ModelFeature{{"sse2", 1, 0, CpuidRegister::edx, 26}, v2},
    ModelFeature{{"pni", 1, 0, CpuidRegister::ecx, 0}, v2},
    ModelFeature{{"pclmulqdq", 1, 0, CpuidRegister::ecx, 1}, v3},
    ModelFeature{{"ssse3", 1, 0, CpuidRegister::ecx, 9}, v2},
    ModelFeature{{"fma", 1, 0, CpuidRegister::ecx, 12}, v3},
    ModelFeature{{"cx16", 1, 0, CpuidRegister::ecx, 13}, v2},
    ModelFeature{{"sse4_1", 1, 0, CpuidRegister::ecx, 19}, v2},
    ModelFeature{{"sse4_2", 1, 0, CpuidRegister::ecx, 20}, v2},
    ModelFeature{{"x2apic", 1, 0, CpuidRegister::ecx, 21}, v2},
    ModelFeature{{"movbe", 1, 0, CpuidRegister::ecx, 22}, v3},
    ModelFeature{{"popcnt", 1, 0, CpuidRegister::ecx, 23}, v2},
    ModelFeature{{"aes", 1, 0, CpuidRegister::ecx, 25}, v3},
    ModelFeature{{"xsave", 1, 0, CpuidRegister::ecx, 26}, v3},
    ModelFeature{{"avx", 1, 0, CpuidRegister::ecx, 28}, v3},
    ModelFeature{{"f16c", 1, 0, CpuidRegister::ecx, 29}, v3},
    ModelFeature{{"rdrand", 1, 0, CpuidRegister::ecx, 30}, v3},
    ModelFeature{{"fsgsbase", 7, 0, CpuidRegister::ebx, 0}, v3},
    ModelFeature{{"bmi1", 7, 0, CpuidRegister::ebx, 3}, v3},
    ModelFeature{{"avx2", 7, 0, CpuidRegister::ebx, 5}, v3},
    ModelFeature{{"bmi2", 7, 0, CpuidRegister::ebx, 8}, v3},
    ModelFeature{{"avx512f", 7, 0, CpuidRegister::ebx, 16}, v4},
    ModelFeature{{"avx512dq", 7, 0, CpuidRegister::ebx, 17}, v4},
    ModelFeature{{"rdseed", 7, 0, CpuidRegister::ebx, 18}, v4},
    ModelFeature{{"adx", 7, 0, CpuidRegister::ebx, 19}, v4},
    ModelFeature{{"clflushopt", 7, 0, CpuidRegister::ebx, 23}, v4},
    ModelFeature{{"clwb", 7, 0, CpuidRegister::ebx, 24}, v4},
    ModelFeature{{"avx512cd", 7, 0, CpuidRegister::ebx, 28}, v4},
    ModelFeature{{"avx512bw", 7, 0, CpuidRegister::ebx, 30}, v4},
    ModelFeature{{"avx512vl", 7, 0, CpuidRegister::ebx, 31}, v4},
    ModelFeature{{"xsaveopt", 0xd, 1, CpuidRegister::eax, 0}, v3},
    ModelFeature{{"xsavec", 0xd, 1, CpuidRegister::eax, 1}, v4},
    ModelFeature{{"xgetbv1", 0xd, 1, CpuidRegister::eax, 2}, v4},
    ModelFeature{{"lahf_lm", 0x80000001, 0, CpuidRegister::ecx, 0}, v2},
    ModelFeature{{"abm", 0x80000001, 0, CpuidRegister::ecx, 5}, v3},
    ModelFeature{{"3dnowprefetch", 0x80000001, 0, CpuidRegister::ecx, 8}, v4},
    ModelFeature{{"syscall", 0x80000001, 0, CpuidRegister::edx, 11}, v2},
    ModelFeature{{"nx", 0x80000001, 0, CpuidRegister::edx, 20}, v2},
    ModelFeature{{"pdpe1gb", 0x80000001, 0, CpuidRegister::edx, 26}, v3},
    ModelFeature{{"rdtscp", 0x80000001, 0, CpuidRegister::edx, 27}, v2},
    ModelFeature{{"lm", 0x80000001, 0, CpuidRegister::edx, 29}, v2},
};

/// A register that holds features: those of the model are left in it, and of the host's own these.
struct Governed {
  std::uint32_t leaf = 0;
  std::uint32_t subleaf = 0;
  CpuidRegister where{};
  std::uint32_t kept = 0;
};

constexpr std::array governed{
    Governed{1, 0, CpuidRegister::ecx, 1U << 5},  // VMX: whether guests may nest is asked elsewhere
    Governed{1, 0, CpuidRegister::edx, 0},
    Governed{6, 0, CpuidRegister::eax, 1U << 2},  // the APIC's timer never stops
    Governed{6, 0, CpuidRegister::ebx, 0},
    Governed{6, 0, CpuidRegister::ecx, 0},
    Governed{6, 0, CpuidRegister::edx, 0},
    Governed{7, 0, CpuidRegister::ebx, 1U << 7 | 1U << 20},  // SMEP, SMAP
    Governed{7, 0, CpuidRegister::ecx, 1U << 2},             // UMIP
    // SRBDS_CTRL, MD_CLEAR, IBRS and IBPB, STIBP, L1D_FLUSH, ARCH_CAPABILITIES, SSBD
    Governed{7, 0, CpuidRegister::edx,
             1U << 9 | 1U << 10 | 1U << 26 | 1U << 27 | 1U << 28 | 1U << 29 | 1U << 31},
    Governed{7, 2, CpuidRegister::edx, 0x3f},  // PSFD, IPRED_CTRL, RRSBA_CTRL, DDPD_U, BHI_CTRL, MCDT_NO
    Governed{0xd, 1, CpuidRegister::eax, 0},
    Governed{0xd, 1, CpuidRegister::ecx, 0},  // states of the kernel's own
    Governed{0xd, 1, CpuidRegister::edx, 0},
    Governed{0x80000001, 0, CpuidRegister::ecx, 1U << 2 | 1U << 22},  // SVM as VMX; the topology's leaves
    Governed{0x80000001, 0, CpuidRegister::edx, 0},
    Governed{0x80000007, 0, CpuidRegister::edx, 1U << 8},  // the TSC's rate never changes
    // IBPB, IBRS, STIBP and their preferences, SSBD, PSFD, BTC_NO, IBPB_RET
    Governed{0x80000008, 0, CpuidRegister::ebx, 0x770f'd000},
    Governed{0x80000008, 0, CpuidRegister::edx, 0},
    // LFENCE always serialises, VERW_CLEAR, null selectors clear, automatic IBRS, SBPB and what SRSO needs
    Governed{0x80000021, 0, CpuidRegister::eax,
             1U << 2 | 1U << 5 | 1U << 6 | 1U << 8 | 1U << 27 | 1U << 28 | 1U << 29 | 1U << 30},
    Governed{0x80000021, 0, CpuidRegister::ebx, 0},
    Governed{0x80000021, 0, CpuidRegister::ecx, 1U << 1 | 1U << 2},  // TSA_SQ_NO, TSA_L1_NO
    Governed{0x80000021, 0, CpuidRegister::edx, 0},
    // What KVM has had for long: Documentation/virt/kvm/x86/cpuid.rst, bits 0 to 14 but 2 to MMU_OP, and 24.
    Governed{0x40000001, 0, CpuidRegister::eax, 0x0100'7aeb},
    Governed{0x40000001, 0, CpuidRegister::edx, 0},
};

constexpr std::array<std::uint32_t, 22> kept_leaves{
    0,          1,          2,          4,          6,          7,          0xb,        0xd,
    0x40000000, 0x40000001, 0x80000000, 0x80000001, 0x80000002, 0x80000003, 0x80000004, 0x80000005,
    0x80000006, 0x80000007, 0x80000008, 0x8000001d, 0x8000001e, 0x80000021};
constexpr std::uint32_t leaf_of_nested = 0x8000000a;
constexpr std::uint32_t last_leaf = 0xd, last_extended_leaf = 0x80000021;

/// States of XSAVE (SDM vol. 1, 13.1): x87 and SSE, AVX, the three of AVX-512.
std::uint32_t states_of(CpuModel model) { return model == v4 ? 0xe7 : 0x7; }

bool is_kept(const kvm_cpuid_entry2& entry, CpuModel model) {
  if (entry.function == 7) return entry.index == 0 || entry.index == 2;
  if (entry.function == 0xd) {
    if (model < v3) return false;
    return entry.index < 2 || (entry.index < 32 && (states_of(model) >> entry.index & 1) != 0);
  }
  return entry.function == leaf_of_nested ||
         std::ranges::find(kept_leaves, entry.function) != kept_leaves.end();
}

bool is_of(const CpuFeature& feature, const kvm_cpuid_entry2& entry) {
  return feature.leaf == entry.function && feature.subleaf == entry.index;
}

void reduce(kvm_cpuid_entry2& entry, CpuModel model) {
  for (const auto& place : governed) {
    if (place.leaf != entry.function || place.subleaf != entry.index) continue;
    auto mask = place.kept;
    for (const auto& [feature, since] : model_features) {
      if (since <= model && is_of(feature, entry) && feature.where == place.where) mask |= 1U << feature.bit;
    }
    register_of(entry, place.where) &= mask;
  }
  if (entry.function == 0) entry.eax = std::min(entry.eax, last_leaf);
  if (entry.function == 7 && entry.index == 0) entry.eax = std::min(entry.eax, 2U);
  if (entry.function == 0x80000000) entry.eax = std::min(entry.eax, last_extended_leaf);
}

/// Where the states lie is the host's to say; how many bytes all of them take follows from it.
void reduce_states(std::vector<kvm_cpuid_entry2>& table, CpuModel model) {
  constexpr std::uint32_t legacy_and_header = 576;
  auto size = legacy_and_header;
  for (const auto& entry : table) {
    if (entry.function == 0xd && entry.index >= 2) size = std::max(size, entry.ebx + entry.eax);
  }
  for (auto& entry : table) {
    if (entry.function != 0xd || entry.index != 0) continue;
    entry.eax &= states_of(model);
    entry.edx = 0;
    entry.ebx = entry.ecx = size;
  }
}

std::string missing_in(std::vector<kvm_cpuid_entry2>& supported, CpuModel model) {
  std::string names;
  for (const auto& [feature, since] : model_features) {
    if (since > model) continue;
    const auto has = [&](auto& entry) {
      return is_of(feature, entry) && (register_of(entry, feature.where) >> feature.bit & 1) != 0;
    };
    if (std::ranges::none_of(supported, has))
      names += (names.empty() ? "" : ", ") + std::string(feature.name);
  }
  return names;
}

}  // namespace

Result<std::vector<kvm_cpuid_entry2>> reduce_to_model(std::vector<kvm_cpuid_entry2> supported,
                                                      CpuModel model) {
  if (model == CpuModel::host) return supported;
  if (const auto missing = missing_in(supported, model); !missing.empty()) {
    return invalid("cpu.model: this host is no " + std::string(policy::name_of(model)) + ": it lacks " +
                   missing);
  }
  std::erase_if(supported, [&](const auto& entry) { return !is_kept(entry, model); });
  for (auto& entry : supported) reduce(entry, model);
  reduce_states(supported, model);
  return supported;
}

}  // namespace immure::vmm::kvm
