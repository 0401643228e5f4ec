#pragma once

#include "base/result.hpp"

namespace immure::hostile {

/// Where there is no launcher: descriptors like those that a VMM is born with, at their numbers, and a
/// terminal. The console is what standard input was, a socket. Nothing is sealed and everything is open for
/// writing.
Result<void> make_stand_ins(const char* disk, const char* shared_disk);

/// What a QEMU opens by its paths itself, at the numbers of a VMM of ours.
Result<void> open_as_qemu(const char* disk, const char* shared_disk);

}  // namespace immure::hostile
