#include "vmm/pci/msix.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/io.hpp"
#include "tests/unit/vmm/virtio/fake_vm_events.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::pci;
using immure::vmm::test::FakeVmEvents;

namespace {

struct Fixture {
  FakeVmEvents events;
  Msix msix = *Msix::create(events, 3);

  void write(std::uint64_t offset, std::uint32_t value) {
    REQUIRE(msix.write_table(offset, bytes_of(value)));
  }
  std::uint32_t read(std::uint64_t offset) {
    std::uint32_t value = 0;
    msix.read_table(offset, writable_bytes_of(value));
    return value;
  }
  std::uint64_t pending() {
    std::uint64_t value = 0;
    msix.read_pending(0, writable_bytes_of(value));
    return value;
  }
  void program(std::uint64_t vector, std::uint32_t data) {
    write(vector * 16, 0xfee0'0000);
    write(vector * 16 + 4, 0);
    write(vector * 16 + 8, data);
    write(vector * 16 + 12, 0);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a programmed vector is routed once and raised", "[msix]") {
  REQUIRE(msix.set_control(msix_enable));
  program(1, 0x41);
  CHECK(events.routes.at(1).address == 0xfee0'0000);
  CHECK(events.routes.at(1).data == 0x41);
  REQUIRE(msix.signal(1));
  REQUIRE(msix.signal(1));
  CHECK(events.take_raised(1) == 2);
  CHECK(events.take_raised(0) == 0);
  CHECK(events.route_calls == 1);
}

TEST_CASE_METHOD(Fixture, "a masked vector waits as pending and is delivered when it is opened", "[msix]") {
  REQUIRE(msix.set_control(msix_enable));
  CHECK(read(12) == msix_entry_masked);  // after reset
  REQUIRE(msix.signal(0));
  CHECK(events.take_raised(0) == 0);
  CHECK(pending() == 1);
  program(0, 0x30);
  CHECK(events.take_raised(0) == 1);
  CHECK(pending() == 0);
}

TEST_CASE_METHOD(Fixture, "the function mask holds every vector back", "[msix]") {
  program(2, 0x22);
  REQUIRE(msix.set_control(msix_enable | msix_function_mask));
  REQUIRE(msix.signal(2));
  CHECK(events.take_raised(2) == 0);
  CHECK(pending() == 4);
  REQUIRE(msix.set_control(msix_enable));
  CHECK(events.take_raised(2) == 1);
}

TEST_CASE_METHOD(Fixture, "a half-written message is never routed", "[msix]") {
  REQUIRE(msix.set_control(msix_enable));
  program(0, 0x30);
  write(12, msix_entry_masked);
  write(0, 0xfee0'1000);
  write(8, 0x31);
  CHECK(events.routes.at(0).data == 0x30);
  write(12, 0);
  CHECK(events.routes.at(0).data == 0x31);
  CHECK(events.routes.at(0).address == 0xfee0'1000);
}

TEST_CASE_METHOD(Fixture, "nothing is raised while MSI-X is off", "[msix]") {
  program(0, 0x30);
  REQUIRE(msix.signal(0));
  REQUIRE(msix.set_control(msix_enable));
  CHECK(events.take_raised(0) == 0);
}

TEST_CASE_METHOD(Fixture, "hostile: MSI-X vector out of range in the table", "[msix][hostile]") {
  REQUIRE(msix.set_control(msix_enable));
  for (const std::uint64_t offset : {48ULL, 0xff0ULL, 0xffff'fff0ULL, ~0ULL - 15}) {
    write(offset, 0x1234);
    CHECK(read(offset) == 0xffff'ffff);
  }
  REQUIRE(msix.signal(3));
  REQUIRE(msix.signal(Msix::no_vector));
  CHECK(pending() == 0);
}

TEST_CASE_METHOD(Fixture, "hostile: table accesses of a wrong width or alignment", "[msix][hostile]") {
  REQUIRE(msix.write_table(2, bytes_of(0xffff'ffffU)));
  REQUIRE(msix.write_table(44, bytes_of(~0ULL)));
  REQUIRE(msix.write_table(0, bytes_of(std::uint16_t{0xffff})));
  CHECK(read(0) == 0);
  CHECK(read(4) == 0);
  CHECK(read(44) == msix_entry_masked);
  std::uint16_t narrow = 0;
  msix.read_table(0, writable_bytes_of(narrow));
  CHECK(narrow == 0xffff);
}
