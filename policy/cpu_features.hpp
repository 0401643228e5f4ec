#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace immure::policy {

enum class CpuidRegister : std::uint8_t { eax, ebx, ecx, edx };

/// A processor feature that a guest specification can switch off, under Linux' name for it (the flags of
/// /proc/cpuinfo), and its bit: Intel SDM vol. 2A "CPUID", AMD APM vol. 3 appendix E.
struct CpuFeature {
  std::string_view name;
  std::uint32_t leaf = 0;
  std::uint32_t subleaf = 0;
  CpuidRegister where{};
  std::uint32_t bit = 0;
};

/// A set of them: bit i is cpu_features[i].
using CpuFeatureSet = std::uint64_t;

/// In alphabetical order. Not in it is what a 64-bit kernel cannot do without.
constexpr std::array cpu_features{
    CpuFeature{"adx", 7, 0, CpuidRegister::ebx, 19},
    CpuFeature{"aes", 1, 0, CpuidRegister::ecx, 25},
    CpuFeature{"amx_bf16", 7, 0, CpuidRegister::edx, 22},
    CpuFeature{"amx_int8", 7, 0, CpuidRegister::edx, 25},
    CpuFeature{"amx_tile", 7, 0, CpuidRegister::edx, 24},
    CpuFeature{"avx", 1, 0, CpuidRegister::ecx, 28},
    CpuFeature{"avx2", 7, 0, CpuidRegister::ebx, 5},
    CpuFeature{"avx512_bf16", 7, 1, CpuidRegister::eax, 5},
    CpuFeature{"avx512_bitalg", 7, 0, CpuidRegister::ecx, 12},
    CpuFeature{"avx512_fp16", 7, 0, CpuidRegister::edx, 23},
    CpuFeature{"avx512_vbmi2", 7, 0, CpuidRegister::ecx, 6},
    CpuFeature{"avx512_vnni", 7, 0, CpuidRegister::ecx, 11},
    CpuFeature{"avx512_vpopcntdq", 7, 0, CpuidRegister::ecx, 14},
    CpuFeature{"avx512bw", 7, 0, CpuidRegister::ebx, 30},
    CpuFeature{"avx512cd", 7, 0, CpuidRegister::ebx, 28},
    CpuFeature{"avx512dq", 7, 0, CpuidRegister::ebx, 17},
    CpuFeature{"avx512f", 7, 0, CpuidRegister::ebx, 16},
    CpuFeature{"avx512ifma", 7, 0, CpuidRegister::ebx, 21},
    CpuFeature{"avx512vbmi", 7, 0, CpuidRegister::ecx, 1},
    CpuFeature{"avx512vl", 7, 0, CpuidRegister::ebx, 31},
    CpuFeature{"avx_vnni", 7, 1, CpuidRegister::eax, 4},
    CpuFeature{"bmi1", 7, 0, CpuidRegister::ebx, 3},
    CpuFeature{"bmi2", 7, 0, CpuidRegister::ebx, 8},
    CpuFeature{"erms", 7, 0, CpuidRegister::ebx, 9},
    CpuFeature{"f16c", 1, 0, CpuidRegister::ecx, 29},
    CpuFeature{"fma", 1, 0, CpuidRegister::ecx, 12},
    CpuFeature{"fsrm", 7, 0, CpuidRegister::edx, 4},
    CpuFeature{"gfni", 7, 0, CpuidRegister::ecx, 8},
    CpuFeature{"hle", 7, 0, CpuidRegister::ebx, 4},
    CpuFeature{"invpcid", 7, 0, CpuidRegister::ebx, 10},
    CpuFeature{"la57", 7, 0, CpuidRegister::ecx, 16},
    CpuFeature{"pcid", 1, 0, CpuidRegister::ecx, 17},
    CpuFeature{"pclmulqdq", 1, 0, CpuidRegister::ecx, 1},
    CpuFeature{"pdpe1gb", 0x80000001, 0, CpuidRegister::edx, 26},
    CpuFeature{"pku", 7, 0, CpuidRegister::ecx, 3},
    CpuFeature{"rdpid", 7, 0, CpuidRegister::ecx, 22},
    CpuFeature{"rdrand", 1, 0, CpuidRegister::ecx, 30},
    CpuFeature{"rdseed", 7, 0, CpuidRegister::ebx, 18},
    CpuFeature{"rdtscp", 0x80000001, 0, CpuidRegister::edx, 27},
    CpuFeature{"rtm", 7, 0, CpuidRegister::ebx, 11},
    CpuFeature{"sha_ni", 7, 0, CpuidRegister::ebx, 29},
    CpuFeature{"smap", 7, 0, CpuidRegister::ebx, 20},
    CpuFeature{"smep", 7, 0, CpuidRegister::ebx, 7},
    CpuFeature{"sse4_1", 1, 0, CpuidRegister::ecx, 19},
    CpuFeature{"sse4_2", 1, 0, CpuidRegister::ecx, 20},
    CpuFeature{"umip", 7, 0, CpuidRegister::ecx, 2},
    CpuFeature{"vaes", 7, 0, CpuidRegister::ecx, 9},
    CpuFeature{"vpclmulqdq", 7, 0, CpuidRegister::ecx, 10},
    CpuFeature{"xsavec", 0xd, 1, CpuidRegister::eax, 1},
    CpuFeature{"xsaves", 0xd, 1, CpuidRegister::eax, 3},
};
static_assert(cpu_features.size() <= 64);

constexpr CpuFeatureSet all_cpu_features = (CpuFeatureSet{1} << cpu_features.size()) - 1;

/// The bit of the feature of this name.
constexpr std::optional<CpuFeatureSet> cpu_feature_bit(std::string_view name) {
  for (std::size_t i = 0; i < cpu_features.size(); ++i)
    if (cpu_features[i].name == name) return CpuFeatureSet{1} << i;
  return std::nullopt;
}

}  // namespace immure::policy
