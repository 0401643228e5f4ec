#include "policy/seccomp/evaluator.hpp"

#include <array>
#include <cstring>

namespace immure::policy::seccomp {
namespace {

std::string at(std::size_t index) { return "filter instruction " + std::to_string(index); }

Result<void> check_instruction(Filter filter, std::size_t index) {
  const auto& instruction = filter[index];
  const auto left = filter.size() - index - 1;
  switch (instruction.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      if (instruction.k % 4 != 0 || instruction.k > sizeof(seccomp_data) - 4) {
        return invalid(at(index) + " loads outside seccomp_data");
      }
      return {};
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_RET | BPF_K:
      return {};
    case BPF_JMP | BPF_JA:
      if (instruction.k >= left) return invalid(at(index) + " jumps past the end");
      return {};
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
      if (instruction.jt >= left || instruction.jf >= left) return invalid(at(index) + " jumps past the end");
      return {};
    default:
      return invalid(at(index) + " has an opcode that no filter of ours uses");
  }
}

std::uint32_t load(const seccomp_data& call, std::uint32_t offset) {
  std::array<std::byte, sizeof(seccomp_data)> bytes{};
  std::memcpy(bytes.data(), &call, sizeof(call));
  std::uint32_t word = 0;
  std::memcpy(&word, std::span(bytes).subspan(offset).data(), sizeof(word));
  return word;
}

bool holds(const sock_filter& jump, std::uint32_t accumulator) {
  switch (BPF_OP(jump.code)) {
    case BPF_JEQ:
      return accumulator == jump.k;
    case BPF_JGT:
      return accumulator > jump.k;
    case BPF_JGE:
      return accumulator >= jump.k;
    default:
      return (accumulator & jump.k) != 0;  // BPF_JSET
  }
}

}  // namespace

Result<void> check(Filter filter) {
  if (filter.empty() || filter.size() > BPF_MAXINSNS) return invalid("a filter has 1 to 4096 instructions");
  for (std::size_t i = 0; i < filter.size(); ++i) IMMURE_TRY(check_instruction(filter, i));
  if (filter.back().code != (BPF_RET | BPF_K)) return invalid("a filter must end with a return");
  return {};
}

Result<std::uint32_t> evaluate(Filter filter, const seccomp_data& call) {
  IMMURE_TRY(check(filter));
  std::uint32_t accumulator = 0;
  for (std::size_t i = 0; i < filter.size(); ++i) {
    const auto& instruction = filter[i];
    switch (BPF_CLASS(instruction.code)) {
      case BPF_LD:
        accumulator = load(call, instruction.k);
        break;
      case BPF_ALU:
        accumulator &= instruction.k;
        break;
      case BPF_JMP:
        if (BPF_OP(instruction.code) == BPF_JA) {
          i += instruction.k;
        } else {
          i += holds(instruction, accumulator) ? instruction.jt : instruction.jf;
        }
        break;
      default:
        return instruction.k;  // BPF_RET
    }
  }
  return invalid("a filter ran past its end");
}

}  // namespace immure::policy::seccomp
