// A guest whose kernel drives every device wrongly, and says of each attack whether device and memory are as
// they should be.
#include "tests/hostile_guest/attack.hpp"

namespace hostile {

constinit Line wrong;

namespace {

constexpr unsigned max_attacks = 96;

struct Outcome {
  const char* name = nullptr;
  Line what;
};
constinit Outcome outcomes[max_attacks];
unsigned outcome_count = 0;

void say_outcome(const char* kind, const Outcome& outcome) {
  if (outcome.what.is_empty()) {
    say(kind, outcome.name, ": ok");
  } else {
    say(kind, outcome.name, ": WRONG ", outcome.what.text());
  }
}

void carry_out(const Attack& attack) {
  // Our own mistake: better seen at once.
  if (outcome_count == max_attacks) asm volatile("ud2");
  say("begins ", attack.name);
  clear_arena();
  wrong.clear();
  patience = full_patience;
  const auto began = now();
  attack.run();
  expect(attack.spoils_the_arena ? is_kernel_intact() : is_intact(),
         "memory outside of the buffers was written");
  for (const auto& device : devices) device.restore();
  clear_arena();
  raise_guards();
  expect_all_work();
  expect(is_intact(), "memory was written later");
  auto& outcome = outcomes[outcome_count++];
  outcome = {.name = attack.name, .what = wrong};
  say_outcome("attack ", outcome);
  say("took ", static_cast<u32>((now() - began) / 1000), " ms");
}

}  // namespace

void attack_all() {
  raise_guards();
  clear_arena();
  if (!start_cpus()) say("the kernel itself is WRONG: not all CPUs started");
  devices.find();
  say("the hostile guest is here, with devices: ", devices.count);
  expect_all_work();
  say("before all attacks: ", wrong.is_empty() ? "ok" : wrong.text());
  wait_for_a_key();
  const std::span<const Attack> all[] = {
      attacks_on_rings(), attacks_on_indirect_tables(), attacks_on_registers(),
      attacks_on_pci(),   attacks_on_disks(),           attacks_on_nets(),
      attacks_on_vsock(), attacks_on_memory(),          attacks_on_consoles(),
      attacks_on_ports(), attacks_by_many_cpus(),       attacks_at_random()};
  for (const auto& some : all)
    for (const auto& attack : some) carry_out(attack);
  // Lines may have been lost where an attack filled the console.
  sleep(2'000'000);
  for (const auto& outcome : std::span(outcomes).first(outcome_count)) say_outcome("outcome ", outcome);
  say("all attacks: ", outcome_count);
  sleep(500'000);
  power_off();
}

}  // namespace hostile
