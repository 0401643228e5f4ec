#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace immure::policy {

/// What a guest is told of its processor. host: all that the host has. The others: the levels of the x86-64
/// psABI (4.1.1 "Processor architecture levels"), the same wherever they are (see vmm/kvm/cpu_model.hpp).
enum class CpuModel : std::uint32_t { host = 0, x86_64_v2 = 1, x86_64_v3 = 2, x86_64_v4 = 3 };

/// Their names, as a guest specification has them; in their order.
constexpr std::array<std::string_view, 4> cpu_model_names{"host", "x86-64-v2", "x86-64-v3", "x86-64-v4"};

constexpr std::string_view name_of(CpuModel model) {
  return cpu_model_names.at(static_cast<std::size_t>(model));
}

}  // namespace immure::policy
