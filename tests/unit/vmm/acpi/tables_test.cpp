#include "vmm/acpi/tables.hpp"

#include <cstring>
#include <map>
#include <numeric>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "vmm/acpi/fadt.hpp"
#include "vmm/acpi/madt.hpp"
#include "vmm/acpi/mcfg.hpp"
#include "vmm/acpi/rsdp.hpp"
#include "vmm/machine_layout.hpp"

using namespace immure;
using namespace immure::vmm;
using policy::Switch;

namespace {

unsigned sum(std::span<const std::byte> bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), 0U,
                         [](unsigned total, std::byte b) { return total + std::to_integer<unsigned>(b); }) &
         0xff;
}

template <typename T>
T object_at(std::span<const std::byte> blob, std::uint64_t address) {
  T object{};
  const auto bytes = blob.subspan(address - layout::acpi_start).first(sizeof(T));
  std::memcpy(static_cast<void*>(&object), bytes.data(), sizeof(T));
  return object;
}

/// As an operating system finds them: from the RSDP through the XSDT. Checks every checksum on the way.
std::map<std::string, std::span<const std::byte>> find_tables(std::span<const std::byte> blob) {
  const auto table_at = [&](std::uint64_t address) {
    const auto header = object_at<acpi::TableHeader>(blob, address);
    const auto table = blob.subspan(address - layout::acpi_start).first(header.length);
    CHECK(sum(table) == 0);
    return table;
  };
  std::map<std::string, std::span<const std::byte>> tables;
  const auto rsdp = object_at<acpi::Rsdp>(blob, layout::acpi_start);
  CHECK(std::string(rsdp.signature.data(), 8) == "RSD PTR ");
  CHECK(sum(blob.first(20)) == 0);
  CHECK(sum(blob.first(36)) == 0);
  const auto xsdt = table_at(rsdp.xsdt_address);
  for (std::size_t i = sizeof(acpi::TableHeader); i < xsdt.size(); i += 8) {
    std::uint64_t address = 0;
    std::memcpy(&address, xsdt.data() + i, 8);
    const auto table = table_at(address);
    tables[std::string(reinterpret_cast<const char*>(table.data()), 4)] = table;
    if (const auto fadt = object_at<acpi::TableHeader>(blob, address);
        std::string_view(fadt.signature.data(), 4) == "FACP")
      tables["DSDT"] = table_at(object_at<acpi::Fadt>(blob, address).extended_dsdt);
  }
  return tables;
}

template <typename T>
T table_as(std::span<const std::byte> table) {
  T object{};
  std::memcpy(static_cast<void*>(&object), table.data(), sizeof(T));
  return object;
}

}  // namespace

TEST_CASE("ACPI: every table is reachable from the RSDP and its bytes add up to zero", "[acpi]") {
  const auto blob = acpi::build_tables({.vcpus = 4, .serial = Switch::on});
  const auto tables = find_tables(blob);
  for (const auto* name : {"FACP", "DSDT", "APIC", "MCFG", "SSDT"}) CHECK(tables.contains(name));
  CHECK(blob.size() <= layout::acpi_size);
}

TEST_CASE("ACPI: a machine without a serial port does not describe one", "[acpi]") {
  const auto blob = acpi::build_tables({.vcpus = 1, .serial = Switch::off});
  CHECK_FALSE(find_tables(blob).contains("SSDT"));
}

TEST_CASE("ACPI: the machine is hardware-reduced, with no 8042, VGA or CMOS clock, and with MSI", "[acpi]") {
  const auto blob = acpi::build_tables({.vcpus = 1, .serial = Switch::on});
  const auto fadt = table_as<acpi::Fadt>(find_tables(blob).at("FACP"));
  CHECK((fadt.flags & acpi::flag_hardware_reduced) != 0);
  const std::uint16_t boot = fadt.boot_architecture;
  CHECK((boot & (1U << 1)) == 0);
  CHECK((boot & acpi::boot_no_vga) != 0);
  CHECK((boot & acpi::boot_no_cmos_clock) != 0);
  CHECK((boot & (1U << 3)) == 0);
  const std::uint64_t reset = fadt.reset_register.address;
  CHECK(reset == layout::power_port + 2);
  const std::uint64_t sleep = fadt.sleep_control.address;
  CHECK(sleep == layout::power_port);
}

TEST_CASE("ACPI: there is one local APIC for each vCPU, up to 32, and one IOAPIC", "[acpi]") {
  for (const std::uint32_t vcpus : {1U, 2U, 32U}) {
    const auto blob = acpi::build_tables({.vcpus = vcpus, .serial = Switch::on});
    auto entries = find_tables(blob).at("APIC").subspan(sizeof(acpi::Madt));
    std::uint32_t processors = 0;
    std::uint32_t ioapics = 0;
    while (!entries.empty()) {
      if (entries[0] == std::byte{0}) CHECK(table_as<acpi::MadtLocalApic>(entries).apic_id == processors++);
      if (entries[0] == std::byte{1}) {
        const std::uint32_t address = table_as<acpi::MadtIoApic>(entries).address;
        CHECK(address == layout::ioapic_start);
        ++ioapics;
      }
      REQUIRE(std::to_integer<std::size_t>(entries[1]) >= 8);
      entries = entries.subspan(std::to_integer<std::size_t>(entries[1]));
    }
    CHECK(processors == vcpus);
    CHECK(ioapics == 1);
  }
}

TEST_CASE("ACPI: MCFG covers the configuration space of bus 0 exactly", "[acpi]") {
  const auto blob = acpi::build_tables({.vcpus = 1, .serial = Switch::on});
  const auto mcfg = table_as<acpi::Mcfg>(find_tables(blob).at("MCFG"));
  const std::uint64_t address = mcfg.ecam_address;
  CHECK(address == layout::ecam_start);
  CHECK((mcfg.last_bus + 1ULL) * 0x10'0000 == layout::ecam_size);
}

TEST_CASE("ACPI: the largest machine's tables fit, and a small guest's memory takes them", "[acpi]") {
  const auto memory = GuestMemory::create(32 << 20).value();
  const auto rsdp = acpi::write_tables(memory, {.vcpus = 32, .serial = Switch::on});
  REQUIRE(rsdp);
  CHECK(raw(*rsdp) == layout::acpi_start);
  CHECK(memory.read_object<acpi::Rsdp>(*rsdp)->revision == 2);
}
