#include "tests/hostile_guest/cpus.hpp"

#include "tests/hostile_guest/say.hpp"

extern "C" {
extern volatile hostile::u32 cpus_started;
extern char trampoline[], trampoline_end[];
extern char interrupt_stubs[], interrupt_stub[];
void cpu_main(hostile::u32 cpu);
[[noreturn]] void report_fault(const hostile::u64* stack);
}

namespace hostile {

u64 patience = full_patience;

namespace {

// x2APIC registers (Intel SDM vol. 3A, table 11-6).
constexpr u32 apic_base = 0x1b;
constexpr u32 spurious = 0x80f;
constexpr u32 command = 0x830;
constexpr u32 timer_start = 0x838;
constexpr u32 timer_now = 0x839;
constexpr u32 timer_divisor = 0x83e;
constexpr u64 all_others = 3 << 18;
constexpr u64 init = 0x4500;
constexpr u64 start_up = 0x4600;
constexpr u64 fixed = 0x4000;
constexpr u64 wake_vector = 0xf0;
constexpr u64 trampoline_address = 0x2000;
constexpr u64 ticks_per_microsecond_times_128 = 1000;  // KVM's timer counts nanoseconds

struct Gate {
  u16 low;
  u16 selector;
  u16 kind;
  u16 middle;
  u32 high;
  u32 reserved;
};

Work volatile work = nullptr;
Work volatile each_round = nullptr;
volatile u32 order = 0;  // counts up with each piece of work
volatile u32 done = 0;
volatile bool is_over = false;

void enable_apic() {
  write_msr(apic_base, read_msr(apic_base) | 1 << 11 | 1 << 10);
  write_msr(spurious, 0x1ff);
}

void sleep_until_order(u32 seen) {
  asm volatile("cli" ::: "memory");
  while (order == seen) asm volatile("sti; hlt; cli" ::: "memory");
}

[[noreturn]] void obey(u32 cpu) {
  for (u32 seen = 0;;) {
    sleep_until_order(seen);
    seen = order;
    work(cpu);
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
  }
}

void repeat_until_over(unsigned cpu) {
  while (!is_over) each_round(cpu);
}

}  // namespace

bool start_cpus() {
  write_msr(timer_divisor, 0xa);  // by 128
  write_msr(timer_start, 0xffff'ffff);
  __builtin_memcpy(reinterpret_cast<void*>(trampoline_address), trampoline,
                   static_cast<std::size_t>(trampoline_end - trampoline));
  write_msr(command, all_others | init);
  sleep(10'000);
  write_msr(command, all_others | start_up | trampoline_address >> 12);
  for (const auto deadline = now() + 10'000'000; cpus_started < cpu_count;)
    if (now() > deadline) return false;
  return true;
}

void begin_on_others(Work new_work) {
  work = new_work;
  done = 0;
  barrier();
  order = order + 1;
  barrier();
  write_msr(command, all_others | fixed | wake_vector);
}

void wait_for_others() {
  while (done < cpu_count - 1) {
  }
}

void on_all_cpus(Work new_work) {
  begin_on_others(new_work);
  new_work(0);
  wait_for_others();
}

Meanwhile::Meanwhile(Work round) {
  each_round = round;
  is_over = false;
  begin_on_others(repeat_until_over);
}

Meanwhile::~Meanwhile() {
  is_over = true;
  wait_for_others();
}

u64 now() {
  const u64 ticks = 0xffff'ffff - read_msr(timer_now);
  return ticks * 128 / ticks_per_microsecond_times_128;
}

void sleep(u64 microseconds) {
  for (const auto end = now() + microseconds; now() < end;) {
  }
}

}  // namespace hostile

extern "C" {

hostile::Gate interrupt_table[256];

void cpu_main(hostile::u32 cpu) {
  using namespace hostile;
  if (cpu == 0) {
    for (unsigned i = 0; i < 256; ++i) {
      const auto stub = reinterpret_cast<u64>(i < 32 ? interrupt_stubs + i * 16 : interrupt_stub);
      interrupt_table[i] = {.low = static_cast<u16>(stub),
                            .selector = 8,
                            .kind = 0x8e00,
                            .middle = static_cast<u16>(stub >> 16),
                            .high = 0,
                            .reserved = 0};
    }
  }
  enable_apic();
  if (cpu == 0) attack_all();
  obey(cpu);
}

void report_fault(const hostile::u64* stack) {
  // The number, perhaps an error code, then where it was.
  hostile::say("the kernel itself is WRONG: exception ", stack[0], " at ", stack[1], " or ", stack[2]);
  hostile::power_off();
}
}
