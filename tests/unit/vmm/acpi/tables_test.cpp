#include "vmm/acpi/tables.hpp"

#include <array>
#include <cstring>
#include <map>
#include <numeric>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "vmm/acpi/fadt.hpp"
#include "vmm/acpi/madt.hpp"
#include "vmm/acpi/mcfg.hpp"
#include "vmm/acpi/rsdp.hpp"
#include "vmm/acpi/wdat.hpp"
#include "vmm/devices/watchdog.hpp"
#include "vmm/machine_layout.hpp"

using namespace immure;
using namespace immure::vmm;
using policy::Switch;

namespace {

/// The APIC ids of `count` vCPUs that are numbered in a row.
std::vector<std::uint8_t> ids(std::uint32_t count) {
  std::vector<std::uint8_t> all(count);
  std::iota(all.begin(), all.end(), std::uint8_t{0});
  return all;
}

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
  const auto blob = acpi::build_tables({.apic_ids = ids(4), .serial = Switch::on});
  const auto tables = find_tables(blob);
  for (const auto* name : {"FACP", "DSDT", "APIC", "MCFG", "SSDT"}) CHECK(tables.contains(name));
  CHECK(blob.size() <= layout::acpi_size);
}

TEST_CASE("ACPI: a machine without a serial port does not describe one", "[acpi]") {
  const auto blob = acpi::build_tables({.apic_ids = ids(1), .serial = Switch::off});
  CHECK_FALSE(find_tables(blob).contains("SSDT"));
}

TEST_CASE("ACPI: the machine is hardware-reduced, with no 8042, VGA or CMOS clock, and with MSI", "[acpi]") {
  const auto blob = acpi::build_tables({.apic_ids = ids(1), .serial = Switch::on});
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

TEST_CASE("ACPI: there is one local APIC for each vCPU, up to 64, and one IOAPIC", "[acpi]") {
  for (const std::uint32_t vcpus : {1U, 2U, 64U}) {
    const auto blob = acpi::build_tables({.apic_ids = ids(vcpus), .serial = Switch::on});
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

TEST_CASE("ACPI: the local APICs have the ids that the topology gives them", "[acpi]") {
  const auto blob = acpi::build_tables({.apic_ids = {0, 1, 4, 5}, .serial = Switch::on});
  auto entries = find_tables(blob).at("APIC").subspan(sizeof(acpi::Madt));
  for (const unsigned id : {0U, 1U, 4U, 5U}) {
    CHECK(table_as<acpi::MadtLocalApic>(entries).apic_id == id);
    entries = entries.subspan(sizeof(acpi::MadtLocalApic));
  }
}

TEST_CASE("ACPI: MCFG covers the configuration space of bus 0 exactly", "[acpi]") {
  const auto blob = acpi::build_tables({.apic_ids = ids(1), .serial = Switch::on});
  const auto mcfg = table_as<acpi::Mcfg>(find_tables(blob).at("MCFG"));
  const std::uint64_t address = mcfg.ecam_address;
  CHECK(address == layout::ecam_start);
  CHECK((mcfg.last_bus + 1ULL) * 0x10'0000 == layout::ecam_size);
}

TEST_CASE("ACPI: the largest machine's tables fit, and a small guest's memory takes them", "[acpi]") {
  const auto memory = GuestMemory::create(32 << 20).value();
  const auto rsdp = acpi::write_tables(memory, {.apic_ids = ids(64), .serial = Switch::on});
  REQUIRE(rsdp);
  CHECK(raw(*rsdp) == layout::acpi_start);
  CHECK(memory.read_object<acpi::Rsdp>(*rsdp)->revision == 2);
}

namespace {

/// Carries an action of a WDAT out on a watchdog, as an operating system does; gives what it read.
std::uint32_t run_action(std::span<const std::byte> wdat, Watchdog& watchdog, acpi::WdatAction action,
                         std::uint32_t parameter = 0) {
  for (auto rest = wdat.subspan(sizeof(acpi::Wdat)); !rest.empty();
       rest = rest.subspan(sizeof(acpi::WdatEntry))) {
    const auto entry = table_as<acpi::WdatEntry>(rest);
    if (entry.action != action) continue;
    const std::uint64_t offset = entry.address.address - layout::watchdog_port;
    REQUIRE(offset + entry.address.bit_width / 8 <= layout::watchdog_port_count);
    std::array<std::byte, 2> register_bytes{};
    const auto data = std::span(register_bytes).first(entry.address.bit_width / 8);
    std::uint32_t value = 0;
    switch (entry.instruction) {
      case acpi::WdatInstruction::read_value:
      case acpi::WdatInstruction::read_countdown:
        watchdog.read(offset, data);
        std::memcpy(&value, data.data(), data.size());
        value &= entry.mask;
        return entry.instruction == acpi::WdatInstruction::read_value ? value == entry.value : value;
      case acpi::WdatInstruction::write_value:
      case acpi::WdatInstruction::write_countdown:
        value = entry.instruction == acpi::WdatInstruction::write_value ? entry.value : parameter;
        value &= entry.mask;
        std::memcpy(data.data(), &value, data.size());
        watchdog.write(offset, data);
        return 0;
    }
  }
  FAIL("the table lacks an action");
  return 0;
}

}  // namespace

TEST_CASE("ACPI: the watchdog's table tells how to drive it", "[acpi]") {
  using enum acpi::WdatAction;
  const auto without = acpi::build_tables({.apic_ids = ids(1), .serial = Switch::off});
  CHECK_FALSE(find_tables(without).contains("WDAT"));
  const auto blob = acpi::build_tables({.apic_ids = ids(1), .serial = Switch::off, .watchdog = Switch::on});
  const auto table = find_tables(blob).at("WDAT");
  const auto wdat = table_as<acpi::Wdat>(table);
  CHECK((wdat.pci_segment == 0xff && wdat.pci_bus == 0xff && wdat.pci_device == 0xff &&
         wdat.pci_function == 0xff));
  CHECK(table.size() == sizeof(wdat) + wdat.entries * sizeof(acpi::WdatEntry));

  auto ending = Ending::create().value();
  const auto watchdog = Watchdog::create(ending, policy::VmmExit::guest_reset).value();
  run_action(table, *watchdog, set_countdown, 17);
  CHECK(run_action(table, *watchdog, get_countdown) == 17);
  CHECK(run_action(table, *watchdog, get_current_countdown) == 17);
  CHECK(run_action(table, *watchdog, get_stopped_state) == 1);
  run_action(table, *watchdog, set_running_state);
  CHECK(run_action(table, *watchdog, get_running_state) == 1);
  run_action(table, *watchdog, reset);
  run_action(table, *watchdog, set_stopped_state);
  CHECK(run_action(table, *watchdog, get_running_state) == 0);
}
