#pragma once

#include <span>

#include "tests/hostile_guest/arena.hpp"
#include "tests/hostile_guest/cpus.hpp"
#include "tests/hostile_guest/device.hpp"
#include "tests/hostile_guest/say.hpp"

namespace hostile {

/// One way to drive devices wrongly. docs/testing.md names each beside the bug of others that it would find.
struct Attack {
  const char* name;
  void (*run)();
  /// Whether devices are told to write all over the arena, so that its canaries say nothing.
  bool spoils_the_arena = false;
};

// Each in the file of its name in attacks/.
std::span<const Attack> attacks_on_rings();
std::span<const Attack> attacks_on_indirect_tables();
std::span<const Attack> attacks_on_registers();
std::span<const Attack> attacks_on_pci();
std::span<const Attack> attacks_on_disks();
std::span<const Attack> attacks_on_nets();
std::span<const Attack> attacks_on_vsock();
std::span<const Attack> attacks_on_memory();
std::span<const Attack> attacks_on_consoles();
std::span<const Attack> attacks_on_ports();
std::span<const Attack> attacks_by_many_cpus();
std::span<const Attack> attacks_at_random();

/// What went wrong first in the attack at hand; empty: nothing.
extern Line wrong;

template <typename... Parts>
void expect(bool holds, const Parts&... otherwise) {
  if (holds || !wrong.is_empty()) return;
  patience = lost_patience;
  (wrong.add(otherwise), ...);
}
void expect_needs_reset(const Device& device, const char* after);

/// What a driver does that wants nothing but its device's service: it starts the device and has one request
/// of each kind served. Expects that all of it works.
void expect_works(Device& device);
/// The same of each device, after the attack.
void expect_all_work();

/// Until somebody types at the console, or half a minute has passed: the test looks at how things are before.
void wait_for_a_key();

/// A request to a disk whose parts lie where a driver would have them. Yields the status, or one of no
/// status.
constexpr u8 no_answer = 0xee;
u8 ask_disk(Device& disk, u32 kind, u64 sector, u64 data, u32 length, unsigned data_flags);

}  // namespace hostile
