#pragma once

#include <vector>

#include <linux/filter.h>

#include "tests/hostile/attempt.hpp"

namespace immure::hostile {

/// kept_from_host: what a child changes in mounts and names stays with it.
enum class Aftermath { left, kept_from_host };

/// A program for seccomp(2).
using Filter = std::vector<sock_filter>;

/// What is put around a child before it makes its attempt.
struct Surroundings {
  Aftermath aftermath = Aftermath::left;
  std::vector<Filter> filters;  ///< oldest first
};

/// Makes the attempt in a child process, with a machine of its own, and says what came of it, also where the
/// child did not live to say so. For where nothing forbids fork(2): what an attempt breaks is gone with the
/// child.
void make_in_child(const Attempt& attempt, const Targets& targets, const Surroundings& surroundings);

}  // namespace immure::hostile
