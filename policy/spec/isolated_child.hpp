#pragma once

#include <functional>
#include <string>

#include "policy/failure.hpp"

namespace immure::policy {

/// Runs `work` in a forked child that can do nothing but compute, and yields what it returned, at most
/// `limit` bytes. Before `work` starts the child has, where it was root, become nobody without supplementary
/// groups; in any case it has no_new_privs, no file descriptor but `input` and its answer pipe, and limits on
/// memory, time, files and processes. An Error where it crashed, took too long or answered too much.
Result<std::string> run_isolated(int input, std::size_t limit, const std::function<std::string(int)>& work);

}  // namespace immure::policy
