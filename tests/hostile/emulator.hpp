#pragma once

namespace immure::hostile {

/// Whether the program was started by the name that libvirt knows it by.
bool is_emulator(const char* program);

/// What libvirt starts as a guest's emulator, or to ask it what it can do. The process that libvirt started
/// becomes QEMU, so that libvirt has what it wants. For a guest whose name begins with "hostile", a child of
/// that process is left: whatever libvirt has made of it (label, ids, capabilities, limits, namespaces,
/// cgroup) it still is. It listens on an abstract socket of the guest's name and does what it is told there.
/// The first command:
///
///   behind own_disk=PATH shared_disk=PATH filter=HEX...     QEMU's seccomp filters, oldest first
///
/// Then a line for each attempt, which is made by a child behind those filters.
[[noreturn]] void run_as_emulator(char** arguments);

}  // namespace immure::hostile
