#pragma once

#include "policy/seccomp/evaluator.hpp"

namespace immure::policy::seccomp {

/// Puts the calling thread, and every thread and program that it starts, behind `filter`, for ever
/// (seccomp(2), SECCOMP_SET_MODE_FILTER). Other threads are not touched: each kind has a filter of its own.
/// Needs no_new_privs (or CAP_SYS_ADMIN). A second filter adds to the first: the stricter answer wins.
Result<void> install_filter(Filter filter);

}  // namespace immure::policy::seccomp
