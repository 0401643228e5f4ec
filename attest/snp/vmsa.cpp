#include "attest/snp/vmsa.hpp"

#include <concepts>

namespace immure::attest::snp {
namespace {

struct Segment {
  std::uint16_t selector;
  std::uint16_t attributes;
  std::uint32_t limit;
  std::uint64_t base = 0;
};

template <std::unsigned_integral T>
void put(VmsaPage& page, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) page[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void put(VmsaPage& page, std::size_t at, const Segment& segment) {
  put(page, at, segment.selector);
  put(page, at + 2, segment.attributes);
  put(page, at + 4, segment.limit);
  put(page, at + 8, segment.base);
}

// Offsets of the state save area: AMD 24593, volume 2, table B-4.
constexpr std::size_t es = 0x00, cs = 0x10, ss = 0x20, ds = 0x30, fs = 0x40, gs = 0x50, gdtr = 0x60,
                      ldtr = 0x70, idtr = 0x80, tr = 0x90, efer = 0xd0, cr4 = 0x148, cr0 = 0x158, dr7 = 0x160,
                      dr6 = 0x168, rflags = 0x170, rip = 0x178, g_pat = 0x268, rdx = 0x310,
                      sev_features = 0x3b0, xcr0 = 0x3e8, mxcsr = 0x408, x87_fcw = 0x410;

/// What every VMM leaves alike.
VmsaPage common_state() {
  VmsaPage page{};
  put(page, gs, Segment{0, 0x93, 0xffff});
  put(page, gdtr, Segment{0, 0, 0xffff});
  put(page, ldtr, Segment{0, 0x82, 0xffff});
  put(page, idtr, Segment{0, 0, 0xffff});
  put(page, efer, std::uint64_t{0x1000});  // EFER.SVME, by KVM
  put(page, cr4, std::uint64_t{0x40});     // CR4.MCE, by KVM
  put(page, cr0, std::uint64_t{0x10});
  put(page, dr7, std::uint64_t{0x400});
  put(page, dr6, std::uint64_t{0xffff0ff0});
  put(page, rflags, std::uint64_t{2});
  put(page, g_pat, std::uint64_t{0x0007'0406'0007'0406});
  put(page, xcr0, std::uint64_t{1});
  return page;
}

constexpr std::uint32_t signature(std::uint32_t family, std::uint32_t model, std::uint32_t stepping) {
  return (family - 0xf) << 20 | (model >> 4) << 16 | 0xfU << 8 | (model & 0xf) << 4 | stepping;
}

constexpr auto naples = signature(23, 1, 2), rome = signature(23, 49, 0), milan = signature(25, 1, 1),
               genoa = signature(25, 17, 0), turin = signature(26, 0, 0);
// QEMU, target/i386/cpu.c, builtin_x86_defs.
constexpr std::array types{
    CpuType{"EPYC", naples},         CpuType{"EPYC-v1", naples},    CpuType{"EPYC-v2", naples},
    CpuType{"EPYC-IBPB", naples},    CpuType{"EPYC-v3", naples},    CpuType{"EPYC-v4", naples},
    CpuType{"EPYC-Rome", rome},      CpuType{"EPYC-Rome-v1", rome}, CpuType{"EPYC-Rome-v2", rome},
    CpuType{"EPYC-Rome-v3", rome},   CpuType{"EPYC-Milan", milan},  CpuType{"EPYC-Milan-v1", milan},
    CpuType{"EPYC-Milan-v2", milan}, CpuType{"EPYC-Genoa", genoa},  CpuType{"EPYC-Genoa-v1", genoa},
    CpuType{"EPYC-Turin", turin}};

}  // namespace

std::optional<Vmm> vmm_named(std::string_view name) {
  if (name == "qemu") return Vmm::qemu;
  if (name == "ec2") return Vmm::ec2;
  if (name == "gce") return Vmm::gce;
  return std::nullopt;
}

VmsaPage make_vmsa(const VmsaInputs& inputs) {
  const bool ec2 = inputs.vmm == Vmm::ec2;
  const bool is_qemu = inputs.vmm == Vmm::qemu;
  auto page = common_state();
  for (const auto segment : {es, ds, fs}) put(page, segment, Segment{0, 0x93, 0xffff});
  const auto cs_attributes = static_cast<std::uint16_t>(ec2 && inputs.eip == boot_eip ? 0x9a : 0x9b);
  put(page, cs, Segment{0xf000, cs_attributes, 0xffff, inputs.eip & 0xffff'0000U});
  put(page, ss, Segment{0, static_cast<std::uint16_t>(ec2 ? 0x92 : 0x93), 0xffff});
  put(page, tr, Segment{0, static_cast<std::uint16_t>(ec2 ? 0x83 : 0x8b), 0xffff});
  put(page, rip, std::uint64_t{inputs.eip & 0xffffU});
  put(page, rdx, std::uint64_t{is_qemu ? inputs.cpu_signature : 0x600U});
  put(page, sev_features, inputs.guest_features);
  if (inputs.vmm == Vmm::gce) put(page, g_pat, std::uint64_t{0x0007'0106});
  if (is_qemu) {
    put(page, mxcsr, std::uint32_t{0x1f80});
    put(page, x87_fcw, std::uint16_t{0x37f});
  }
  return page;
}

VmsaPage make_svsm_vmsa(std::uint32_t eip, std::uint32_t cpu_signature) {
  auto page = common_state();
  for (const auto segment : {es, ss, ds, fs}) put(page, segment, Segment{16, 0xc93, 0xffff'ffff});
  put(page, cs, Segment{8, 0xc9b, 0xffff'ffff});
  put(page, tr, Segment{0, 0x8b, 0xffff});
  put(page, cr0, std::uint64_t{0x11});
  put(page, rip, std::uint64_t{eip});
  put(page, rdx, std::uint64_t{cpu_signature});
  put(page, sev_features, std::uint64_t{1});
  put(page, mxcsr, std::uint32_t{0x1f80});
  return page;
}

std::span<const CpuType> cpu_types() { return types; }

std::optional<std::uint32_t> signature_of_cpu_type(std::string_view name) {
  for (const auto& type : types) {
    if (type.name == name) return type.signature;
  }
  return std::nullopt;
}

}  // namespace immure::attest::snp
