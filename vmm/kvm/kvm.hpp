#pragma once

#include <cstddef>
#include <vector>

#include <linux/kvm.h>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace immure::vmm::kvm {

/// /dev/kvm, opened by the launcher: checked for the API version and for every capability that the machine
/// needs (Documentation/virt/kvm/api.rst).
class Kvm {
 public:
  /// An Error names the first capability that this kernel lacks.
  static Result<Kvm> adopt(UniqueFd fd);

  [[nodiscard]] Result<UniqueFd> create_vm() const;
  /// What KVM_GET_SUPPORTED_CPUID says of this host.
  [[nodiscard]] Result<std::vector<kvm_cpuid_entry2>> supported_cpuid() const;
  /// Bytes of the area that each vCPU shares with the kernel (KVM_GET_VCPU_MMAP_SIZE).
  [[nodiscard]] std::size_t run_area_size() const { return run_area_size_; }

 private:
  Kvm(UniqueFd fd, std::size_t run_area_size) : fd_(std::move(fd)), run_area_size_(run_area_size) {}
  UniqueFd fd_;
  std::size_t run_area_size_;
};

}  // namespace immure::vmm::kvm
