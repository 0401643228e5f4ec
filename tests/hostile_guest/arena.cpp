#include "tests/hostile_guest/arena.hpp"

#include "vmm/boot/hvm_start_info.hpp"

extern "C" {
extern hostile::u32 boot_info;
extern const char __executable_start[], etext[];

// What the compiler calls by itself.
void* memset(void* to, int value, std::size_t count) {
  void* at = to;
  asm volatile("rep stosb" : "+D"(at), "+c"(count) : "a"(value) : "memory");
  return to;
}
void* memcpy(void* to, const void* from, std::size_t count) {
  void* at = to;
  asm volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(count)::"memory");
  return to;
}
int memcmp(const void* left, const void* right, std::size_t count) {
  const auto* a = static_cast<const unsigned char*>(left);
  const auto* b = static_cast<const unsigned char*>(right);
  for (std::size_t i = 0; i < count; ++i)
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  return 0;
}
}

namespace hostile {

namespace {

constexpr u8 canary = 0xc7;
constexpr u64 canary_bytes = 64;
constexpr u64 guard_bytes = 0x4'0000;
constexpr u64 guard_word = 0x6775'6172'6421'0000;
constexpr unsigned max_taken = 4096;

struct Taken {
  u64 start;
  u64 end;
};

Taken taken[max_taken];
unsigned taken_count = 0;
u64 next_free = arena_start;
u64 code_sum = 0;

u64 sum_of_code() {
  u64 sum = 0;
  for (const char* at = __executable_start; at < etext; at += 8)
    sum = sum * 31 + *reinterpret_cast<const u64*>(at);
  return sum;
}

u64 guard_at(unsigned which) {
  const u64 starts[] = {arena_start - guard_bytes, arena_end, memory_end() - guard_bytes};
  return starts[which];
}

bool holds(unsigned guard) {
  const auto start = guard_at(guard);
  for (u64 at = start; at < start + guard_bytes; at += 8)
    if (peek<u64>(at) != (guard_word ^ at)) return false;
  return true;
}

}  // namespace

u64 memory_end() {
  using namespace immure::vmm::boot;
  const auto& info = *reinterpret_cast<const HvmStartInfo*>(u64{boot_info});
  const auto* entry = reinterpret_cast<const HvmMemoryMapEntry*>(info.memory_map);
  u64 end = 0;
  for (u32 i = 0; i < info.memory_map_entries; ++i)
    if (entry[i].type == 1) end = entry[i].address + entry[i].size;
  return end;
}

void raise_guards() {
  for (unsigned guard = 0; guard < 3; ++guard)
    for (u64 at = guard_at(guard); at < guard_at(guard) + guard_bytes; at += 8)
      poke<u64>(at, guard_word ^ at);
  code_sum = sum_of_code();
}

void clear_arena() {
  taken_count = 0;
  next_free = arena_start;
}

u64 take(u64 bytes, u64 alignment) {
  const auto start = (next_free + canary_bytes + alignment - 1) / alignment * alignment;
  const auto end = start + bytes;
  // Our own mistake: better seen at once.
  if (end + canary_bytes > arena_end || taken_count == max_taken) asm volatile("ud2");
  fill(start - canary_bytes, canary_bytes, canary);
  fill(start, bytes, 0);
  fill(end, canary_bytes, canary);
  taken[taken_count++] = {.start = start, .end = end};
  next_free = end + canary_bytes;
  return start;
}

void fill(u64 address, u64 bytes, u8 value) { memset(reinterpret_cast<void*>(address), value, bytes); }

bool are_equal(u64 one, u64 other, u64 bytes) {
  return memcmp(reinterpret_cast<void*>(one), reinterpret_cast<void*>(other), bytes) == 0;
}

bool is_filled_with(u64 address, u64 bytes, u8 value) {
  for (u64 at = address; at < address + bytes; ++at)
    if (peek<u8>(at) != value) return false;
  return true;
}

bool is_kernel_intact() { return sum_of_code() == code_sum && holds(2); }

bool is_intact() {
  for (unsigned i = 0; i < taken_count; ++i) {
    if (!is_filled_with(taken[i].start - canary_bytes, canary_bytes, canary)) return false;
    if (!is_filled_with(taken[i].end, canary_bytes, canary)) return false;
  }
  return holds(0) && holds(1) && is_kernel_intact();
}

}  // namespace hostile
