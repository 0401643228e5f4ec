#pragma once

namespace immure::attest {

/// Parses the command line, carries the verb out, reports a failure; yields the program's exit status.
int run_command_line(int argc, char** argv);

}  // namespace immure::attest
