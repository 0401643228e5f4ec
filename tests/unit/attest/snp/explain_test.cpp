#include "attest/snp/explain.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/snp/made_up_firmware.hpp"

using namespace immure::attest;
using namespace immure::attest::snp;
using namespace immure::attest::test;

namespace {

const ByteVector& firmware() {
  static const auto image = made_up(Kind::ovmf);
  return image;
}

LaunchInputs given() {
  return {.firmware = firmware(),
          .vcpus = 2,
          .cpu_signature = *signature_of_cpu_type("EPYC-Milan"),
          .kernel = LaunchInputs::Kernel{.kernel = *sha256(bytes_of_text("kernel")),
                                         .initrd = *sha256(bytes_of_text("initrd")),
                                         .command_line = "console=ttyS0"}};
}

/// What is said where a guest was started from `given()` with one thing changed.
template <typename Change>
std::vector<Difference> differences(Change change) {
  auto actual = given();
  change(actual);
  const auto explanation = explain_digest(given(), launch_digest(actual).value());
  REQUIRE(explanation);
  REQUIRE(explanation->found);
  return explanation->differences;
}

template <typename Change>
std::string one_difference(Change change) {
  const auto found = differences(change);
  REQUIRE(found.size() == 1);
  return found[0].input + ": " + found[0].expected + ", not " + found[0].given;
}

}  // namespace

TEST_CASE("a digest that is as expected has no difference", "[attest]") {
  CHECK(differences([](LaunchInputs&) {}).empty());
}

TEST_CASE("the one input that differs is named, with both values", "[attest]") {
  CHECK(one_difference([](auto& inputs) { inputs.vcpus = 1; }) == "vCPUs: 1, not 2");
  CHECK(one_difference([](auto& inputs) { inputs.vcpus = 256; }) == "vCPUs: 256, not 2");
  CHECK(one_difference([](auto& inputs) { inputs.cpu_signature = *signature_of_cpu_type("EPYC-Genoa"); }) ==
        "CPU type: EPYC-Genoa, EPYC-Genoa-v1, not EPYC-Milan, EPYC-Milan-v1, EPYC-Milan-v2");
  CHECK(one_difference([](auto& inputs) { inputs.guest_features = 0x21; }) ==
        "guest features: 0x21, not 0x1");
  CHECK(one_difference([](auto& inputs) { inputs.guest_features = 0; }) == "guest features: 0x0, not 0x1");
  CHECK(one_difference([](auto& inputs) { inputs.vmm = Vmm::ec2; }) == "VMM: ec2, not qemu");
  CHECK(one_difference([](auto& inputs) { inputs.vmm = Vmm::gce; }) == "VMM: gce, not qemu");
  CHECK(one_difference([](auto& inputs) { inputs.kernel.reset(); }) ==
        "kernel: hashes not passed, not hashes passed");
  CHECK(one_difference([](auto& inputs) { inputs.kernel->initrd = *sha256({}); }) == "initrd: none, not one");
  CHECK(one_difference([](auto& inputs) { inputs.kernel->command_line += "\n"; }) ==
        "command line: with a newline behind it, not \"console=ttyS0\"");
  CHECK(one_difference([](auto& inputs) { inputs.kernel->command_line += " "; }) ==
        "command line: with a space behind it, not \"console=ttyS0\"");
  CHECK(one_difference([](auto& inputs) { inputs.kernel->command_line = " console=ttyS0"; }) ==
        "command line: with a space in front of it, not \"console=ttyS0\"");
  CHECK(one_difference([](auto& inputs) { inputs.kernel->command_line.clear(); }) ==
        "command line: empty, not \"console=ttyS0\"");
}

TEST_CASE("white space that was given by mistake is found, too", "[attest]") {
  auto mistaken = given();
  mistaken.kernel->command_line = "console=ttyS0 \n";
  const auto explanation = explain_digest(mistaken, launch_digest(given()).value());
  REQUIRE(explanation);
  REQUIRE(explanation->differences.size() == 1);
  CHECK(explanation->differences[0].expected == "without white space at its ends");
}

TEST_CASE("several inputs that differ together are all named, and no more than needed", "[attest]") {
  const auto found = differences([](LaunchInputs& inputs) {
    inputs.vcpus = 7;
    inputs.cpu_signature = *signature_of_cpu_type("EPYC-Turin");
    inputs.kernel->command_line += "\n";
  });
  REQUIRE(found.size() == 3);
  CHECK(found[0].input == "vCPUs");
  CHECK(found[1].input == "command line");
  CHECK(found[2].input == "CPU type");
}

TEST_CASE("a digest that is not near by is not explained away", "[attest]") {
  auto other = made_up(Kind::ovmf);
  other[100] ^= 1;
  auto actual = given();
  actual.firmware = other;
  const auto explanation = explain_digest(given(), launch_digest(actual).value());
  REQUIRE(explanation);
  CHECK_FALSE(explanation->found);
  CHECK(explanation->tried > 100'000);
}
