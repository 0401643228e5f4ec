#pragma once

#include <cstddef>
#include <cstdint>

/// Instructions that C++ has no words for.
namespace hostile {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

template <typename T>
void out(unsigned where, T value) {
  const auto port = static_cast<u16>(where);
  if constexpr (sizeof(T) == 1) asm volatile("outb %0, %1" ::"a"(value), "Nd"(port));
  if constexpr (sizeof(T) == 2) asm volatile("outw %0, %1" ::"a"(value), "Nd"(port));
  if constexpr (sizeof(T) == 4) asm volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

template <typename T>
T in(unsigned where) {
  const auto port = static_cast<u16>(where);
  T value{};
  if constexpr (sizeof(T) == 1) asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  if constexpr (sizeof(T) == 2) asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
  if constexpr (sizeof(T) == 4) asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

/// Many bytes by one instruction, each of which is a VM exit all the same.
inline void out_string(u16 port, const char* bytes, std::size_t count) {
  asm volatile("rep outsb" : "+S"(bytes), "+c"(count) : "d"(port) : "memory");
}

/// One access of exactly this size; the address is physical, as everywhere here.
template <typename T>
T peek(u64 address) {
  return *reinterpret_cast<volatile T*>(address);
}
template <typename T>
void poke(u64 address, T value) {
  *reinterpret_cast<volatile T*>(address) = value;
}
inline void peek_16_bytes(u64 address) { asm volatile("movups (%0), %%xmm0" ::"r"(address) : "memory"); }
inline void poke_16_bytes(u64 address) { asm volatile("movups %%xmm0, (%0)" ::"r"(address) : "memory"); }

inline u64 read_msr(u32 number) {
  u32 low = 0;
  u32 high = 0;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
  return u64{high} << 32 | low;
}
inline void write_msr(u32 number, u64 value) {
  asm volatile("wrmsr" ::"a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32)), "c"(number)
               : "memory");
}

/// Every store before it is there for the devices, every load behind it comes later.
inline void barrier() { asm volatile("mfence" ::: "memory"); }

}  // namespace hostile
