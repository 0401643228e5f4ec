#pragma once

#include "policy/seccomp/evaluator.hpp"

namespace immure::policy::seccomp {

/// Puts the calling thread, and every thread and program that it starts, behind `filter`, for ever
/// (seccomp(2), SECCOMP_SET_MODE_FILTER). Other threads are not touched: each kind has a filter of its own.
/// Needs no_new_privs (or CAP_SYS_ADMIN). A second filter adds to the first: the stricter answer wins.
Result<void> install_filter(Filter filter);

/// The same for all threads of the process, which are then no less confined than the caller, no_new_privs
/// included (SECCOMP_FILTER_FLAG_TSYNC). An Error, and no filter at all, where one of them has a filter that
/// the caller does not have.
Result<void> install_filter_for_all_threads(Filter filter);

}  // namespace immure::policy::seccomp
