#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "attest/program/failure.hpp"
#include "attest/program/guest_files.hpp"

namespace immure::attest {

/// What is to be done once the command line is read.
using Action = std::function<Expected<ExitCode>()>;

/// Each adds its verb with options and help, and sets `action` when it is asked for.
void add_measure(CLI::App& app, Action& action);
void add_report(CLI::App& app, Action& action);
void add_sign(CLI::App& app, Action& action);
void add_snp(CLI::App& app, Action& action);
void add_tpm(CLI::App& app, Action& action);
void add_verify_bundle(CLI::App& app, Action& action);
void add_verify_manifest(CLI::App& app, Action& action);

/// --vmm and --largest-disk, of every verb that measures a guest.
void add_guest_options(CLI::App& command, GuestOptions& options);

}  // namespace immure::attest
