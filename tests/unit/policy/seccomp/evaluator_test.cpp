#include "policy/seccomp/evaluator.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/policy/seccomp/calls.hpp"

using namespace immure::policy::seccomp;
using test::call;

namespace {

using Program = std::vector<sock_filter>;

sock_filter load(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
sock_filter answer(std::uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
sock_filter jump(std::uint16_t kind, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | kind | BPF_K), value, yes, no);
}

/// Loads the low half of argument 0 and answers 1 where the jump is taken, else 0.
std::uint32_t taken(std::uint16_t kind, std::uint32_t value, std::uint64_t argument) {
  const Program program{load(16), jump(kind, value, 0, 1), answer(1), answer(0)};
  return evaluate(program, call(0, {argument})).value();
}

}  // namespace

TEST_CASE("the evaluator decides each kind of jump as the kernel does", "[seccomp]") {
  CHECK(taken(BPF_JEQ, 7, 7) == 1);
  CHECK(taken(BPF_JEQ, 7, 8) == 0);
  CHECK(taken(BPF_JGT, 7, 8) == 1);
  CHECK(taken(BPF_JGT, 7, 7) == 0);
  CHECK(taken(BPF_JGE, 7, 7) == 1);
  CHECK(taken(BPF_JGE, 7, 6) == 0);
  CHECK(taken(BPF_JSET, 6, 2) == 1);
  CHECK(taken(BPF_JSET, 6, 8) == 0);
}

TEST_CASE("the evaluator loads number, architecture and both halves of each argument", "[seccomp]") {
  const auto loaded = [](std::uint32_t offset) {
    const Program program{load(offset), jump(BPF_JEQ, 0xaabbccdd, 0, 1), answer(1), answer(0)};
    auto data = call(static_cast<int>(0xaabbccdd), {0x11111111'22222222, 0xaabbccdd'00000000});
    return evaluate(program, data).value();
  };
  CHECK(loaded(0) == 1);   // nr
  CHECK(loaded(4) == 0);   // arch
  CHECK(loaded(24) == 0);  // args[1], low
  CHECK(loaded(28) == 1);  // args[1], high
}

TEST_CASE("the evaluator masks with AND and follows an unconditional jump", "[seccomp]") {
  const Program program{load(16),
                        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
                        BPF_STMT(BPF_JMP | BPF_JA, 1),
                        answer(9),
                        jump(BPF_JEQ, 0x30, 0, 1),
                        answer(1),
                        answer(0)};
  CHECK(evaluate(program, call(0, {0x35})).value() == 1);
  CHECK(evaluate(program, call(0, {0x45})).value() == 0);
}

TEST_CASE("a program that the kernel would refuse is refused", "[seccomp]") {
  CHECK_FALSE(check(Program{}));
  CHECK_FALSE(check(Program(4097, answer(0))));
  CHECK_FALSE(check(Program{load(0)}));                                           // no return at the end
  CHECK_FALSE(check(Program{load(64), answer(0)}));                               // outside seccomp_data
  CHECK_FALSE(check(Program{load(2), answer(0)}));                                // not aligned
  CHECK_FALSE(check(Program{jump(BPF_JEQ, 0, 1, 0), answer(0)}));                 // past the end
  CHECK_FALSE(check(Program{jump(BPF_JEQ, 0, 0, 1), answer(0)}));                 // past the end
  CHECK_FALSE(check(Program{BPF_STMT(BPF_JMP | BPF_JA, 1), answer(0)}));          // past the end
  CHECK_FALSE(check(Program{BPF_STMT(BPF_JMP | BPF_JA, ~0U), answer(0)}));        // backwards, by wrapping
  CHECK_FALSE(check(Program{BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), answer(0)}));  // unknown opcode
  CHECK(check(Program(4096, answer(0))));
}
