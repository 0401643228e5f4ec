#include "vmm/acpi/definition_blocks.hpp"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <unistd.h>

#include "policy/guest_record.hpp"
#include "vmm/acpi/tables.hpp"
#include "vmm/devices/power.hpp"
#include "vmm/machine_layout.hpp"

using namespace immure;
using namespace immure::vmm;

namespace {

std::string source(const std::string& name) {
  std::ifstream file(std::string(IMMURE_ASL) + "/" + name);
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The number that the pattern's group matches.
std::uint64_t number(const std::string& text, const std::string& pattern) {
  std::smatch match;
  INFO(pattern);
  REQUIRE(std::regex_search(text, match, std::regex(pattern)));
  return std::stoull(match[1], nullptr, 0);
}

}  // namespace

TEST_CASE("DSDT: the PCI window is that of the machine layout", "[acpi]") {
  const auto dsdt = source("dsdt.asl");
  const std::string memory = R"(DWordMemory[^]*?ReadWrite,\s*0x\w+,\s*)";
  CHECK(number(dsdt, memory + R"((0x\w+))") == layout::pci_window_start);
  CHECK(number(dsdt, memory + R"(0x\w+,\s*(0x\w+))") ==
        layout::pci_window_start + layout::pci_window_size - 1);
  CHECK(number(dsdt, memory + R"(0x\w+,\s*0x\w+,\s*0x\w+,\s*(0x\w+))") == layout::pci_window_size);
}

TEST_CASE("DSDT: the configuration space is that of the machine layout", "[acpi]") {
  const auto dsdt = source("dsdt.asl");
  CHECK(number(dsdt, R"(Memory32Fixed \(ReadWrite, (0x\w+))") == layout::ecam_start);
  CHECK(number(dsdt, R"(Memory32Fixed \(ReadWrite, 0x\w+, (0x\w+))") == layout::ecam_size);
}

TEST_CASE("DSDT: the event device uses the event interrupt, the event register and the button's bit",
          "[acpi]") {
  const auto dsdt = source("dsdt.asl");
  CHECK(number(dsdt, R"(Interrupt \([^)]*\) \{ (\d+) \})") == layout::event_irq);
  CHECK(number(dsdt, R"(OperationRegion \(EREG, SystemIO, (0x\w+))") ==
        layout::power_port + Power::event_select_offset);
  CHECK(number(dsdt, R"(If \(Local0 & (\d+)\))") == Power::event_power_button);
}

TEST_CASE("DSDT: soft off has the type that the power device takes", "[acpi]") {
  CHECK(number(source("dsdt.asl"), R"(_S5, Package \(\) \{ (\d+))") == Power::soft_off_type);
}

TEST_CASE("SSDT: the serial port's ports and interrupt are those of the machine layout", "[acpi]") {
  const auto serial = source("serial.asl");
  CHECK(number(serial, R"(IO \(Decode16, (0x\w+))") == layout::serial_port);
  CHECK(number(serial, R"(IO \(Decode16, 0x\w+, (0x\w+))") == layout::serial_port);
  CHECK(number(serial, R"(IO \(Decode16, 0x\w+, 0x\w+, 0x\w+, (0x\w+))") == layout::serial_port_count);
  CHECK(number(serial, R"(Interrupt \([^)]*\) \{ (\d+) \})") == layout::serial_irq);
}

TEST_CASE("ACPI: iasl takes every table apart without an error", "[acpi]") {
  const auto directory =
      std::filesystem::temp_directory_path() / ("immure-acpi-" + std::to_string(::getpid()));
  std::filesystem::create_directory(directory);
  const auto blob = acpi::build_tables({.apic_ids = {0, 1, 2}, .serial = policy::Switch::on});
  // The tables lie one behind the other on 8-byte boundaries, behind the 36 bytes of the RSDP.
  for (std::size_t at = 40; at < blob.size();) {
    std::uint32_t length = 0;
    std::memcpy(&length, blob.data() + at + 4, 4);
    const std::string name(reinterpret_cast<const char*>(blob.data() + at), 4);
    INFO(name);
    const auto path = directory / (name + ".dat");
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(blob.data() + at), length);
    const auto command = std::string(IMMURE_IASL) + " -d " + path.string() + " 2>&1";
    // NOLINTNEXTLINE(cert-env33-c): no part of the command comes from outside.
    auto* const pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string said(16384, '\0');
    said.resize(std::fread(said.data(), 1, said.size(), pipe));
    INFO(said);
    CHECK(::pclose(pipe) == 0);
    CHECK(said.find("rror") == std::string::npos);
    CHECK(said.find("nvalid") == std::string::npos);
    at = (at + length + 7) / 8 * 8;
  }
  std::filesystem::remove_all(directory);
}

TEST_CASE("the DSDT's port for panics is the machine's", "[acpi]") {
  CHECK(number(source("dsdt.asl"), R"(IO \(Decode16, (0x\w+))") == layout::panic_port);
  CHECK(number(source("dsdt.asl"), R"(IO \(Decode16, 0x\w+, (0x\w+))") == layout::panic_port);
}
