#include "attest/snp/tcb.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::attest::snp;

TEST_CASE("the parts of a TCB are where the product has them", "[attest]") {
  const RawTcb old_layout{1, 2, 0, 0, 0, 0, 3, 4};
  for (const auto product : {Product::milan, Product::genoa}) {
    const auto tcb = Tcb::decode(product, old_layout);
    REQUIRE(tcb);
    CHECK(tcb->text(product) == "bootloader 1, tee 2, snp 3, microcode 4");
    CHECK(tcb->encode(product) == old_layout);
  }
  const RawTcb turin{1, 2, 3, 4, 0, 0, 0, 5};
  const auto tcb = Tcb::decode(Product::turin, turin);
  REQUIRE(tcb);
  CHECK(tcb->text(Product::turin) == "fmc 1, bootloader 2, tee 3, snp 4, microcode 5");
  CHECK(tcb->encode(Product::turin) == turin);
}

TEST_CASE("a reserved byte of a TCB has to be zero", "[attest]") {
  for (std::size_t byte = 0; byte < 8; ++byte) {
    RawTcb raw{};
    raw[byte] = 1;
    CAPTURE(byte);
    CHECK(Tcb::decode(Product::milan, raw).has_value() == (byte < 2 || byte > 5));
    CHECK(Tcb::decode(Product::turin, raw).has_value() == (byte < 4 || byte > 6));
  }
}

TEST_CASE("TCBs are compared part by part: a newer microcode does not hide an older bootloader", "[attest]") {
  Tcb minimum;
  minimum.set(TcbPart::bootloader, 3);
  Tcb tcb;
  tcb.set(TcbPart::bootloader, 2);
  tcb.set(TcbPart::microcode, 0xff);
  CHECK(tcb.first_below(minimum) == TcbPart::bootloader);
  tcb.set(TcbPart::bootloader, 3);
  CHECK_FALSE(tcb.first_below(minimum));
}

TEST_CASE("a product is known by its CPU and by its certificate's name", "[attest]") {
  CHECK(product_of_cpu(0x19, 0x01) == Product::milan);
  CHECK(product_of_cpu(0x19, 0x11) == Product::genoa);
  CHECK(product_of_cpu(0x19, 0xa0) == Product::genoa);
  CHECK(product_of_cpu(0x1a, 0x02) == Product::turin);
  CHECK(product_of_cpu(0x1a, 0x11) == Product::turin);
  CHECK_FALSE(product_of_cpu(0x17, 0x31));
  CHECK_FALSE(product_of_cpu(0x19, 0x50));
  CHECK(product_of_certificate("Milan-B0") == Product::milan);
  CHECK(product_of_certificate("Siena-A1") == Product::genoa);
  CHECK(product_of_certificate("Turin") == Product::turin);
  CHECK_FALSE(product_of_certificate("Milano"));
  CHECK_FALSE(product_of_certificate(""));
  CHECK(product_named("genoa") == Product::genoa);
  CHECK_FALSE(product_named("Genoa"));
}
