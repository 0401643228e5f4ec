#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace immure::attest::snp {

/// Whose first register state is meant: they differ.
enum class Vmm { qemu, ec2, gce };
std::optional<Vmm> vmm_named(std::string_view name);

/// A vCPU's state at its first instruction, one page (AMD 24593, volume 2, table B-4).
using VmsaPage = std::array<std::uint8_t, 4096>;

struct VmsaInputs {
  std::uint32_t eip = 0;
  std::uint32_t cpu_signature = 0;  ///< CPUID Fn0000_0001_EAX
  std::uint64_t guest_features = 1;
  Vmm vmm = Vmm::qemu;
};
VmsaPage make_vmsa(const VmsaInputs& inputs);
/// A vCPU that starts in an SVSM, in flat 32-bit mode. QEMU only.
VmsaPage make_svsm_vmsa(std::uint32_t eip, std::uint32_t cpu_signature);

inline constexpr std::uint32_t boot_eip = 0xffff'fff0;

/// A CPU type of QEMU and its signature.
struct CpuType {
  std::string_view name;
  std::uint32_t signature;
};
std::span<const CpuType> cpu_types();
std::optional<std::uint32_t> signature_of_cpu_type(std::string_view name);

}  // namespace immure::attest::snp
