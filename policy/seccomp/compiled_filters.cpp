#include "policy/seccomp/compiled_filters.hpp"

namespace immure::policy::seccomp {

// The switch in compiled_filter() is generated (generated_filters.cpp); this one names the files.
std::string_view profile_name(Profile profile) {
  switch (profile) {
    case Profile::launch:
      return "launch";
    case Profile::vmm_control:
      return "vmm_control";
    case Profile::vmm_vcpu:
      return "vmm_vcpu";
    case Profile::vmm_io:
      return "vmm_io";
    case Profile::monitor:
      return "monitor";
    case Profile::passt:
      return "passt";
    case Profile::attest:
      return "attest";
    case Profile::net:
      return "net";
  }
  return "";
}

}  // namespace immure::policy::seccomp
