// Digests of a made-up firmware, as sev-snp-measure 0.0.13 computes them.
#include "attest/snp/launch_digest.hpp"

#include <algorithm>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

#include "attest/snp/firmware.hpp"
#include "tests/unit/attest/snp/made_up_firmware.hpp"

using namespace immure::attest;
using namespace immure::attest::snp;
using namespace immure::attest::test;

namespace {

std::string digest(const LaunchInputs& inputs) {
  const auto result = launch_digest(inputs);
  return result ? to_hex(*result) : result.error().message;
}

LaunchInputs two_milan(Bytes firmware) {
  return {.firmware = firmware, .vcpus = 2, .cpu_signature = *signature_of_cpu_type("EPYC-Milan")};
}

}  // namespace

TEST_CASE("the launch digest is the one that the reference tool computes", "[attest]") {
  const auto firmware = made_up(Kind::ovmf);
  auto inputs = two_milan(firmware);
  CHECK(digest(inputs) ==
        "f683440e497e689508bcd6c8781af87e309b1b5880726cf41080b6a328eaa292540b0b1baf40b9429d49cf0697506e13");
  SECTION("with a kernel, an initrd and a command line") {
    inputs.kernel = {.kernel = *sha256(bytes_of_text("a kernel")),
                     .initrd = *sha256(bytes_of_text("an initrd")),
                     .command_line = "console=ttyS0"};
    CHECK(digest(inputs) ==
          "5e35c2235ee03e4829b3496659860ddccfa7f6126cc9e6cfcb9c72dfb3fb136e3cc765f751b0d4fdf12d3f8235bce6dc");
  }
  SECTION("on EC2") {
    inputs.vmm = Vmm::ec2;
    CHECK(digest(inputs) ==
          "e04819e8fdd33a194146e13589b34002b9bbb44407e340b084451a11827e98b594092e00791737e5a9017d24d705700a");
  }
  SECTION("on GCE") {
    inputs.vmm = Vmm::gce;
    CHECK(digest(inputs) ==
          "1d945c44a2e910ae20ccd95b964b0790d8daa602e39a4152985a3d0a8c7739afeb1edab5064a667f18aa7accb30b38e5");
  }
  SECTION("with other guest features") {
    inputs.guest_features = 0x21;
    CHECK(digest(inputs) ==
          "4982f835a3ec869ff3ae5cce4023409aae046ca19bd2af1c6f0cbb9909b6aceb1e5e8b22a0ce75305f90039ff5af28a1");
  }
  SECTION("with an SVSM") {
    const auto svsm = made_up(Kind::svsm);
    inputs.svsm = {.image = svsm, .variable_bytes = 0x20000};
    CHECK(digest(inputs) ==
          "1e962de278fb0c3c6868aa8ff42f977b91cd6f10ae2f3c6631b6977b58745118b38dbc335af998e77cb83d44ece659f0");
  }
}

TEST_CASE("a guest that cannot be measured so is an error that says why", "[attest]") {
  const auto firmware = made_up(Kind::ovmf);
  auto inputs = two_milan(firmware);
  inputs.vcpus = 0;
  CHECK(digest(inputs) == "a guest has 1 to 256 vCPUs");
  inputs.vcpus = 257;
  CHECK(digest(inputs) == "a guest has 1 to 256 vCPUs");
  CHECK(digest(two_milan(ByteVector(4096))).contains("not built for SEV"));
  CHECK(digest(two_milan(ByteVector(4095))).contains("multiple of 4096"));
  const auto svsm = made_up(Kind::svsm);
  inputs = two_milan(svsm);
  inputs.kernel = LaunchInputs::Kernel{};
  CHECK(digest(inputs).contains("no section for the kernel's hashes"));
}

TEST_CASE("malformed firmware metadata are refused", "[attest]") {
  const auto with = [](std::size_t from_end, std::uint8_t value) {
    auto image = made_up(Kind::ovmf);
    image[image.size() - from_end] = value;
    return read_firmware_tables(image).has_value();
  };
  CHECK(with(1, 0));
  CHECK_FALSE(with(0x800, 'B'));        // signature
  CHECK_FALSE(with(0x800 - 8, 2));      // version
  CHECK_FALSE(with(0x800 - 12, 0xff));  // number of sections
  CHECK_FALSE(with(0x800 - 16, 1));     // a section's address
  CHECK_FALSE(with(0x800 - 24, 9));     // a section's kind
}
