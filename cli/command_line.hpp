#pragma once

namespace immure::cli {

/// Parses the command line, carries the subcommand out, reports a failure; yields the program's exit status.
int run_command_line(int argc, char** argv);

}  // namespace immure::cli
