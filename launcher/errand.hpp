#pragma once

#include "launcher/kernel.hpp"

namespace immure::launcher {

/// Something that needs no privilege, but reads or writes text: `immure internal VERB` does it, as nobody.
struct Errand {
  const char* verb = nullptr;
  std::string argument{};  ///< of the verb; may be empty
  int input = -1;          ///< its standard input
  int file = -1;           ///< the file that it works on, its fd 3; -1: none
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
