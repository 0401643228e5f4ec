#include "policy/cgroup_filter.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include <arpa/inet.h>
#include <sys/socket.h>

namespace immure::policy {
namespace {

// Registers: the context is in r1 (Documentation/bpf/classic_vs_extended.rst), the answer goes to r0.
constexpr std::uint8_t context = BPF_REG_1;
constexpr std::uint8_t value = BPF_REG_2;
constexpr std::uint8_t part = BPF_REG_3;

// What a jump leads to is set when the whole program is there.
enum Target : std::int16_t { allow = -1, deny = -2, loopback = -3 };

constexpr bpf_insn load(std::uint8_t into, std::size_t offset) {
  return {.code = BPF_LDX | BPF_MEM | BPF_W,
          .dst_reg = static_cast<std::uint8_t>(into & 0xf),
          .src_reg = context,
          .off = static_cast<std::int16_t>(offset),
          .imm = 0};
}
constexpr bpf_insn set(std::uint8_t into, std::int32_t number) {
  return {.code = BPF_ALU64 | BPF_MOV | BPF_K,
          .dst_reg = static_cast<std::uint8_t>(into & 0xf),
          .src_reg = 0,
          .off = 0,
          .imm = number};
}
constexpr bpf_insn copy(std::uint8_t into, std::uint8_t from) {
  return {.code = BPF_ALU | BPF_MOV | BPF_X,
          .dst_reg = static_cast<std::uint8_t>(into & 0xf),
          .src_reg = static_cast<std::uint8_t>(from & 0xf),
          .off = 0,
          .imm = 0};
}
constexpr bpf_insn mask(std::uint8_t in, std::int32_t bits) {
  return {.code = BPF_ALU | BPF_AND | BPF_K,
          .dst_reg = static_cast<std::uint8_t>(in & 0xf),
          .src_reg = 0,
          .off = 0,
          .imm = bits};
}
constexpr bpf_insn jump_if(std::uint8_t code, std::uint8_t of, std::uint32_t number, std::int16_t to) {
  return {.code = static_cast<std::uint8_t>(BPF_JMP32 | code | BPF_K),
          .dst_reg = static_cast<std::uint8_t>(of & 0xf),
          .src_reg = 0,
          .off = to,
          .imm = static_cast<std::int32_t>(number)};
}
constexpr bpf_insn if_equal(std::uint8_t of, std::uint32_t number, std::int16_t to) {
  return jump_if(BPF_JEQ, of, number, to);
}
constexpr bpf_insn if_not(std::uint8_t of, std::uint32_t number, std::int16_t to) {
  return jump_if(BPF_JNE, of, number, to);
}
constexpr bpf_insn end{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0};

/// Ends the program: what has not jumped is allowed. `datagrams_to_host`: see passt_filters().
std::vector<bpf_insn> finish(std::vector<bpf_insn> program, bool datagrams_to_host) {
  const auto allow_at = program.size();
  program.insert(program.end(), {set(BPF_REG_0, 1), end});
  const auto loopback_at = program.size();
  if (datagrams_to_host) {
    program.push_back(load(value, offsetof(bpf_sock_addr, type)));
    program.push_back(if_equal(value, SOCK_DGRAM, allow));
  }
  const auto deny_at = program.size();
  program.insert(program.end(), {set(BPF_REG_0, 0), end});
  for (std::size_t i = 0; i < program.size(); ++i) {
    auto& jump = program[i];
    if ((jump.code & 7) != BPF_JMP32 || jump.off >= 0) continue;
    const auto to = jump.off == allow ? allow_at : jump.off == deny ? deny_at : loopback_at;
    jump.off =
        static_cast<std::int16_t>(static_cast<std::ptrdiff_t>(to) - static_cast<std::ptrdiff_t>(i) - 1);
  }
  return program;
}

// Addresses and ports are in the order of the network, and this is a little-endian machine: the first byte is
// the lowest one.

std::vector<bpf_insn> peer_filter_v4(bool datagrams_to_host) {
  return finish({load(value, offsetof(bpf_sock_addr, user_ip4)), copy(part, value), mask(part, 0xff),
                 if_equal(part, 127, loopback), if_equal(part, 0, loopback), mask(value, 0xffff),
                 if_equal(value, 169 | 254 << 8, deny)},
                datagrams_to_host);
}

std::vector<bpf_insn> peer_filter_v6(bool datagrams_to_host) {
  const auto word = [](std::size_t number) { return offsetof(bpf_sock_addr, user_ip6) + 4 * number; };
  return finish({load(value, word(0)), if_equal(value, htonl(0xfd00'0ec2), deny), if_not(value, 0, allow),
                 load(value, word(1)), if_not(value, 0, allow),
                 // Nothing but what jumps comes here.
                 if_equal(value, 0, loopback)},
                datagrams_to_host);
}

/// The words of the address that a socket of this family is bound to.
std::vector<std::uint32_t> words_of(const IpAddress& address) {
  std::vector<std::uint32_t> words(address.family == IpFamily::v4 ? 1 : 4);
  std::memcpy(words.data(), address.bytes.data(), words.size() * sizeof(words[0]));
  return words;
}

std::vector<bpf_insn> bind_filter(const NetRecord& net, bool is_for_v4) {
  const auto first = is_for_v4 ? offsetof(bpf_sock_addr, user_ip4) : offsetof(bpf_sock_addr, user_ip6);
  std::vector<bpf_insn> program{load(value, offsetof(bpf_sock_addr, type)), if_not(value, SOCK_STREAM, allow),
                                load(part, offsetof(bpf_sock_addr, user_port))};
  for (const auto& forward : std::span(net.forwards).first(net.forward_count)) {
    if (forward.protocol != ForwardProtocol::tcp || (forward.address.family == IpFamily::v4) != is_for_v4)
      continue;
    const auto words = words_of(forward.address);
    // Over the rest of this forward: two instructions for each word that is left, the last one allows.
    auto left = static_cast<std::int16_t>(2 * words.size());
    program.push_back(if_not(part, htons(forward.host_port), left));
    for (std::size_t i = 0; i < words.size(); ++i) {
      program.push_back(load(value, first + 4 * i));
      left = static_cast<std::int16_t>(left - 2);
      program.push_back(i + 1 == words.size() ? if_equal(value, words[i], allow)
                                              : if_not(value, words[i], left));
    }
  }
  program.push_back(if_not(part, 0x1'0000, deny));  // Always: no port has 17 bits.
  return finish(std::move(program), false);
}

}  // namespace

CgroupFilter device_filter() {
  return {"device filter", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, {set(BPF_REG_0, 0), end}};
}

std::vector<CgroupFilter> passt_filters(const NetRecord& net) {
  const auto forwards = std::span(net.forwards).first(net.forward_count);
  const auto datagrams = std::ranges::any_of(forwards, [](const PortForward& forward) {
    return forward.protocol == ForwardProtocol::udp &&
           (is_loopback(forward.address) || is_any(forward.address));
  });
  constexpr auto type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
  return {{"filter of connections", type, BPF_CGROUP_INET4_CONNECT, peer_filter_v4(datagrams)},
          {"filter of connections", type, BPF_CGROUP_INET6_CONNECT, peer_filter_v6(datagrams)},
          {"filter of datagrams", type, BPF_CGROUP_UDP4_SENDMSG, peer_filter_v4(datagrams)},
          {"filter of datagrams", type, BPF_CGROUP_UDP6_SENDMSG, peer_filter_v6(datagrams)},
          {"filter of ports", type, BPF_CGROUP_INET4_BIND, bind_filter(net, true)},
          {"filter of ports", type, BPF_CGROUP_INET6_BIND, bind_filter(net, false)}};
}

}  // namespace immure::policy
