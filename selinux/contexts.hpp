#pragma once

#include <string>

#include "selinux/category_pair.hpp"

namespace immure::selinux {

// The contexts of module/immure.te, in the form in which the kernel gives them back.

/// system_u:system_r:immure_vmm_t:s0:cX,cY, the VMM process and the sockets it is born with.
std::string vmm_context(const CategoryPair& pair);
/// system_u:system_r:immure_monitor_t:s0:cX,cY, the monitor process and its listener.
std::string monitor_context(const CategoryPair& pair);
/// system_u:object_r:immure_image_t:s0:cX,cY, a disk that one guest has to itself.
std::string image_context(const CategoryPair& pair);
/// system_u:object_r:immure_pipe_t:s0:cX,cY, the log pipe.
std::string pipe_context(const CategoryPair& pair);

/// A read-only disk, which several guests may have at once.
constexpr const char* content_context = "system_u:object_r:immure_content_t:s0";
/// A launcher started as a service. One started by a user differs in user and role only.
constexpr const char* launcher_context = "system_u:system_r:immure_t:s0-s0:c0.c1023";

/// The third field; empty where `context` has fewer than four.
std::string_view type_of(std::string_view context);
/// The categories of a guest's context; an Error where its level is anything but s0 with exactly two of them.
Result<CategoryPair> categories_of(std::string_view context);
/// `own` (user:role:type:range) with the level of `guest`: how a client labels its socket to a guest's
/// monitor.
Result<std::string> with_level_of(std::string_view own, std::string_view guest);

}  // namespace immure::selinux
