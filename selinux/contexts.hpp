#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace immure::selinux {

/// How many pairs of two different MCS categories (c0 to c1023) there are: 1024 * 1023 / 2.
constexpr std::uint32_t category_pair_count = 523'776;

/// Two different categories, the lower first: what tells one guest from another. Exactly two, because a set
/// of one is dominated by every pair that contains it, and its owner's files would be open to them
/// (CVE-2021-3631).
class CategoryPair {
 public:
  /// Pair number `index`, 0 to category_pair_count - 1: (c0,c1), (c0,c2), (c1,c2), (c0,c3), ...
  static Result<CategoryPair> at(std::uint32_t index);
  /// "c12,c407", as the kernel writes it.
  [[nodiscard]] std::string text() const;

 private:
  CategoryPair(std::uint32_t lower, std::uint32_t higher) : lower_(lower), higher_(higher) {}
  std::uint32_t lower_;
  std::uint32_t higher_;
};

// The contexts of module/immure.te, in the form in which the kernel gives them back.

/// The labels of one guest, all with its categories. Empty on a host without SELinux whose policy allows
/// that.
struct GuestLabels {
  std::string vmm;      ///< system_u:system_r:immure_vmm_t:s0:cX,cY, and of the sockets the VMM is born with
  std::string monitor;  ///< system_u:system_r:immure_monitor_t:s0:cX,cY, and of the monitor's listener
  std::string net;      ///< system_u:system_r:immure_net_t:s0:cX,cY, the owner of the filter of its networks
  std::string passt;    ///< system_u:system_r:immure_passt_t:s0:cX,cY
  std::string pipe;     ///< system_u:object_r:immure_pipe_t:s0:cX,cY, the log pipe
  std::string image;    ///< system_u:object_r:immure_image_t:s0:cX,cY, a disk that it has to itself
};
GuestLabels labels_of(const CategoryPair& pair);

/// A read-only disk, which several guests may have at once.
constexpr const char* content_context = "system_u:object_r:immure_content_t:s0";
/// A launcher started as a service. One started by a user differs in user and role only.
constexpr const char* launcher_context = "system_u:system_r:immure_t:s0-s0:c0.c1023";

/// The third field; empty where `context` has fewer than four.
std::string_view type_of(std::string_view context);

}  // namespace immure::selinux
