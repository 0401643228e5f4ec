#include <array>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

constexpr std::array attempts{
    Attempt{"open-other-disk", "open another guest's disk to read it", behind::root,
            [](const Targets& t) { return outcome_of(::open(t.victim_disk.c_str(), O_RDONLY | O_CLOEXEC)); }},
    Attempt{"write-other-disk", "open another guest's disk to write it", behind::root,
            [](const Targets& t) { return outcome_of(::open(t.victim_disk.c_str(), O_RDWR | O_CLOEXEC)); }},
    Attempt{"open-shadow", "read the host's password hashes", behind::root,
            [](const Targets&) { return outcome_of(::open("/etc/shadow", O_RDONLY | O_CLOEXEC)); }},
    Attempt{"create-file", "make a file in its root", behind::landlock,
            [](const Targets&) { return outcome_of(::open("/loot", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)); }},
};

}  // namespace

const std::span<const Attempt> file_attempts{attempts};

}  // namespace immure::hostile
