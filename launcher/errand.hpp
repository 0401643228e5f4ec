#pragma once

#include "launcher/steps/confinement.hpp"

namespace immure::launcher {

/// Something that needs no privilege, but reads or writes text, or computes: a program does it, as nobody.
struct Errand {
  std::vector<std::string> arguments;  ///< from argv[0] on
  int input = -1;                      ///< its standard input
  std::vector<FdMapping> files{};      ///< what else it has open, from 3 on
};

/// Opens what must be a file of root's that nobody else can write: a program, the host policy, the launch
/// log.
Result<UniqueFd> open_of_root(Kernel& kernel, const std::string& path, int flags);

/// Reads until the buffer is full or the other side has closed its end; yields the number of bytes.
Result<std::size_t> receive_all(Kernel& kernel, int fd, std::span<std::byte> buffer);

/// Runs `program` and fills `answer` with what it says on standard output. An Error unless it says just so
/// much and ends well.
Result<void> run_errand(Kernel& kernel, const std::string& program, const Errand& errand,
                        std::span<std::byte> answer);

}  // namespace immure::launcher
