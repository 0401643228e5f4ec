#include "policy/cgroup_filter.hpp"

#include <array>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/unique_fd.hpp"

using namespace immure;
using namespace immure::policy;

namespace {

/// What the kernel would answer: a machine for the instructions that these programs use.
bool allows(const std::vector<bpf_insn>& program, const bpf_sock_addr& context) {
  std::array<std::uint32_t, 11> registers{};
  for (std::size_t at = 0; at < program.size(); ++at) {
    const auto& step = program[at];
    auto& target = registers.at(step.dst_reg);
    const auto number = static_cast<std::uint32_t>(step.imm);
    switch (step.code) {
      case BPF_LDX | BPF_MEM | BPF_W:
        std::memcpy(&target, reinterpret_cast<const char*>(&context) + step.off, sizeof(target));
        break;
      case BPF_ALU64 | BPF_MOV | BPF_K:
        target = number;
        break;
      case BPF_ALU | BPF_MOV | BPF_X:
        target = registers.at(step.src_reg);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        target &= number;
        break;
      case BPF_JMP32 | BPF_JEQ | BPF_K:
      case BPF_JMP32 | BPF_JNE | BPF_K:
        if ((target == number) == ((step.code & 0xf0) == BPF_JEQ)) at += static_cast<std::size_t>(step.off);
        break;
      case BPF_JMP | BPF_EXIT:
        return registers[0] == 1;
      default:
        throw std::runtime_error("an instruction of another kind");
    }
  }
  throw std::runtime_error("the program has no end");
}

NetRecord forwarding(std::initializer_list<const char*> forwards) {
  NetRecord net;
  net.kind = NetKind::passt;
  for (const auto* forward : forwards) net.forwards.at(net.forward_count++) = parse_forward(forward).value();
  return net;
}

/// Asks the filters of passt with these forwards for one attach type of IPv4 and one of IPv6.
bool ask(const NetRecord& net, bpf_attach_type v4, bpf_attach_type v6, std::uint32_t type, const char* text,
         std::uint16_t port = 80) {
  const auto address = parse_ip(text);
  bpf_sock_addr context{};
  context.type = type;
  context.user_port = htons(port);
  IpAddress whole{};
  if (address) whole = *address;
  const auto is_four = whole.family == IpFamily::v4;
  if (is_four)
    std::memcpy(&context.user_ip4, whole.bytes.data(), 4);
  else if (address)
    std::memcpy(context.user_ip6, whole.bytes.data(), 16);
  else
    REQUIRE(::inet_pton(AF_INET6, text, context.user_ip6) == 1);  // IPv4 in IPv6
  for (const auto& filter : passt_filters(net)) {
    if (filter.attach == (is_four ? v4 : v6)) return allows(filter.program, context);
  }
  throw std::runtime_error("there is no such filter");
}

bool connects(const NetRecord& net, std::uint32_t type, const char* address) {
  const auto answer = ask(net, BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT, type, address);
  if (type == SOCK_DGRAM)
    CHECK(ask(net, BPF_CGROUP_UDP4_SENDMSG, BPF_CGROUP_UDP6_SENDMSG, type, address) == answer);
  return answer;
}

bool binds(const NetRecord& net, std::uint32_t type, const char* address, std::uint16_t port) {
  return ask(net, BPF_CGROUP_INET4_BIND, BPF_CGROUP_INET6_BIND, type, address, port);
}

constexpr std::array host_addresses{
    "127.0.0.1", "127.0.0.53", "127.255.255.255",  "0.0.0.0",          "0.1.2.3",
    "::1",       "::",         "::ffff:127.0.0.1", "::ffff:192.0.2.1", "::127.0.0.1"};
constexpr std::array secrets{"169.254.169.254", "169.254.0.1", "169.254.255.255", "fd00:ec2::254"};
constexpr std::array others{"192.0.2.1",     "10.0.2.2",        "1.127.0.1",       "128.0.0.1",
                            "126.0.0.1",     "254.169.254.169", "169.253.169.254", "2001:db8::1",
                            "fd00:ec3::254", "fe80::1",         "64:ff9b::7f00:1"};

}  // namespace

TEST_CASE("passt reaches neither the host itself nor where clouds keep secrets", "[policy]") {
  for (const auto& net : {forwarding({}), forwarding({"tcp:127.0.0.1:8080:80", "udp:192.0.2.1:5353:53"})}) {
    for (const auto type : std::initializer_list<std::uint32_t>{SOCK_STREAM, SOCK_DGRAM}) {
      for (const auto* address : host_addresses) {
        INFO(address);
        CHECK_FALSE(connects(net, type, address));
      }
      for (const auto* address : secrets) {
        INFO(address);
        CHECK_FALSE(connects(net, type, address));
      }
      for (const auto* address : others) {
        INFO(address);
        CHECK(connects(net, type, address));
      }
    }
  }
}

TEST_CASE("answers to datagrams of the host itself go where its ports are forwarded, and no connection does",
          "[policy]") {
  for (const auto* forward :
       {"udp:127.0.0.1:5353:53", "udp:0.0.0.0:5353:53", "udp:[::]:5353:53", "udp:[::1]:5353:53"}) {
    const auto net = forwarding({forward});
    for (const auto* address : host_addresses) {
      INFO(address);
      CHECK(connects(net, SOCK_DGRAM, address));
      CHECK_FALSE(connects(net, SOCK_STREAM, address));
    }
    for (const auto* address : secrets) CHECK_FALSE(connects(net, SOCK_DGRAM, address));
  }
}

TEST_CASE("passt takes the TCP ports that are forwarded, where they are, and no other", "[policy]") {
  const auto net = forwarding({"tcp:127.0.0.1:8080:80", "udp:127.0.0.1:5353:53", "tcp:[2001:db8::7]:8443:443",
                               "tcp:192.0.2.1:8080:81"});
  CHECK(binds(net, SOCK_STREAM, "127.0.0.1", 8080));
  CHECK(binds(net, SOCK_STREAM, "192.0.2.1", 8080));
  CHECK(binds(net, SOCK_STREAM, "2001:db8::7", 8443));
  for (const auto& [address, port] :
       std::vector<std::pair<const char*, std::uint16_t>>{{"127.0.0.1", 8081},
                                                          {"0.0.0.0", 8080},
                                                          {"127.0.0.2", 8080},
                                                          {"127.0.0.1", 5353},
                                                          {"127.0.0.1", 0},
                                                          {"127.0.0.1", 36895 /* swapped */},
                                                          {"2001:db8::7", 8080},
                                                          {"2001:db8::8", 8443},
                                                          {"2001:db9::7", 8443},
                                                          {"::", 8443},
                                                          {"::1", 8080}}) {
    INFO(address << " " << port);
    CHECK_FALSE(binds(net, SOCK_STREAM, address, port));
    // Datagrams of the guest leave from ports of their own.
    CHECK(binds(net, SOCK_DGRAM, address, port));
  }
  CHECK_FALSE(binds(forwarding({}), SOCK_STREAM, "127.0.0.1", 8080));
}

TEST_CASE("the kernel takes every filter", "[policy]") {
  if (::geteuid() != 0) SKIP("needs root to load eBPF");
  auto filters =
      passt_filters(forwarding({"tcp:127.0.0.1:8080:80", "tcp:[::1]:8080:80", "udp:127.0.0.1:5353:53"}));
  filters.push_back(device_filter());
  for (const auto& filter : filters) {
    bpf_attr load{};
    load.prog_type = filter.type;
    load.expected_attach_type = filter.attach;
    load.insns = reinterpret_cast<std::uintptr_t>(filter.program.data());
    load.insn_cnt = static_cast<std::uint32_t>(filter.program.size());
    load.license = reinterpret_cast<std::uintptr_t>("");
    const UniqueFd program(static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load))));
    if (!program && errno == EPERM) SKIP("this machine lets nobody load eBPF");
    INFO(filter.name << ", attach type " << filter.attach << ", errno " << errno);
    CHECK(program);
  }
}
