#pragma once

#include <array>
#include <string_view>

#include "policy/seccomp/evaluator.hpp"

namespace immure::policy::seccomp {

/// One for each text file in policy/seccomp/profiles/.
enum class Profile { launch, vmm_control, vmm_vcpu, vmm_io, monitor, net, passt, attest };

inline constexpr std::array all_profiles{Profile::launch, Profile::vmm_control, Profile::vmm_vcpu,
                                         Profile::vmm_io, Profile::monitor,     Profile::net,
                                         Profile::passt,  Profile::attest};

/// The profile as BPF, compiled and checked when the project was built. For x86-64; every other architecture
/// and every x32 call is killed.
Filter compiled_filter(Profile profile);

/// "vmm_vcpu": the name of its file.
std::string_view profile_name(Profile profile);

}  // namespace immure::policy::seccomp
