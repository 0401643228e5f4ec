#include "vmm/acpi/tables.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>

#include "base/io.hpp"
#include "vmm/acpi/definition_blocks.hpp"
#include "vmm/acpi/fadt.hpp"
#include "vmm/acpi/madt.hpp"
#include "vmm/acpi/mcfg.hpp"
#include "vmm/acpi/numa.hpp"
#include "vmm/acpi/rsdp.hpp"
#include "vmm/acpi/wdat.hpp"
#include "vmm/devices/power.hpp"
#include "vmm/devices/watchdog.hpp"
#include "vmm/machine_layout.hpp"

namespace immure::vmm::acpi {
namespace {

using Bytes = std::vector<std::byte>;

template <typename T>
void append(Bytes& to, const T& object) {
  const auto bytes = bytes_of(object);
  to.insert(to.end(), bytes.begin(), bytes.end());
}

/// What makes the sum of `bytes` zero, where the checksum field is zero now.
std::uint8_t checksum_of(std::span<const std::byte> bytes) {
  const auto sum = std::accumulate(bytes.begin(), bytes.end(), 0U, [](unsigned total, std::byte b) {
    return total + std::to_integer<unsigned>(b);
  });
  return static_cast<std::uint8_t>(0U - sum);
}

void seal(Bytes& table) { table[offsetof(TableHeader, checksum)] = std::byte{checksum_of(table)}; }

Bytes build_fadt(std::uint64_t dsdt_address) {
  Fadt fadt;
  fadt.header = make_header("FACP", 6, sizeof(Fadt));
  fadt.extended_dsdt = dsdt_address;
  fadt.boot_architecture = boot_no_vga | boot_no_aspm | boot_no_cmos_clock;
  fadt.flags = flag_wbinvd | flag_no_fixed_power_button | flag_no_fixed_sleep_button | flag_reset_register |
               flag_hardware_reduced;
  fadt.reset_register = port_byte(layout::power_port + Power::reset_offset);
  fadt.reset_value = Power::reset_value;
  fadt.sleep_control = port_byte(layout::power_port + Power::sleep_control_offset);
  fadt.sleep_status = port_byte(layout::power_port + Power::sleep_status_offset);
  Bytes table;
  append(table, fadt);
  seal(table);
  return table;
}

Bytes build_madt(std::span<const std::uint8_t> apic_ids) {
  Madt madt;
  const auto length = sizeof(Madt) + apic_ids.size() * sizeof(MadtLocalApic) + sizeof(MadtIoApic);
  madt.header = make_header("APIC", 5, static_cast<std::uint32_t>(length));
  madt.local_apic_address = layout::local_apic_start;
  Bytes table;
  append(table, madt);
  for (std::size_t i = 0; i < apic_ids.size(); ++i) {
    MadtLocalApic entry;
    entry.processor_uid = static_cast<std::uint8_t>(i);
    entry.apic_id = apic_ids[i];
    append(table, entry);
  }
  MadtIoApic ioapic;
  ioapic.address = layout::ioapic_start;
  append(table, ioapic);
  seal(table);
  return table;
}

Bytes build_mcfg() {
  Mcfg mcfg;
  mcfg.header = make_header("MCFG", 1, sizeof(Mcfg));
  mcfg.ecam_address = layout::ecam_start;
  mcfg.last_bus = layout::ecam_size / 0x10'0000 - 1;
  Bytes table;
  append(table, mcfg);
  seal(table);
  return table;
}

Bytes build_wdat() {
  using enum WdatAction;
  using enum WdatInstruction;
  constexpr auto control = port_byte(layout::watchdog_port + Watchdog::control_offset);
  constexpr auto kick = port_byte(layout::watchdog_port + Watchdog::kick_offset);
  constexpr auto timeout = port_word(layout::watchdog_port + Watchdog::timeout_offset);
  constexpr auto remaining = port_word(layout::watchdog_port + Watchdog::remaining_offset);
  const std::array entries{
      WdatEntry{reset, write_value, 0, kick, 1, 0xff},
      WdatEntry{get_current_countdown, read_countdown, 0, remaining, 0, 0xffff},
      WdatEntry{get_countdown, read_countdown, 0, timeout, 0, 0xffff},
      WdatEntry{set_countdown, write_countdown, 0, timeout, 0, 0xffff},
      WdatEntry{get_running_state, read_value, 0, control, 1, 1},
      WdatEntry{set_running_state, write_value, 0, control, 1, 1},
      WdatEntry{get_stopped_state, read_value, 0, control, 0, 1},
      WdatEntry{set_stopped_state, write_value, 0, control, 0, 1},
  };
  Wdat wdat;
  wdat.header = make_header("WDAT", 1, static_cast<std::uint32_t>(sizeof(Wdat) + sizeof(entries)));
  wdat.timer_period = 1000;
  wdat.max_count = 0xffff;
  wdat.min_count = 1;
  wdat.entries = static_cast<std::uint32_t>(entries.size());
  Bytes table;
  append(table, wdat);
  for (const auto& entry : entries) append(table, entry);
  seal(table);
  return table;
}

/// Which vCPU and which memory is in which node: the vCPUs in their order, as many in each.
Bytes build_srat(const Platform& platform) {
  const auto nodes = platform.memory.back().node + 1;
  Srat srat;
  const auto length = sizeof(Srat) + platform.apic_ids.size() * sizeof(SratLocalApic) +
                      platform.memory.size() * sizeof(SratMemory);
  srat.header = make_header("SRAT", 3, static_cast<std::uint32_t>(length));
  Bytes table;
  append(table, srat);
  for (std::size_t i = 0; i < platform.apic_ids.size(); ++i) {
    SratLocalApic entry;
    entry.node = static_cast<std::uint8_t>(i * nodes / platform.apic_ids.size());
    entry.apic_id = platform.apic_ids[i];
    append(table, entry);
  }
  for (const auto& range : platform.memory) {
    SratMemory entry;
    entry.node = range.node;
    entry.start = raw(range.start);
    entry.size = range.size;
    append(table, entry);
  }
  seal(table);
  return table;
}

Bytes build_slit(std::uint32_t nodes) {
  Slit slit;
  slit.header = make_header("SLIT", 1, static_cast<std::uint32_t>(sizeof(Slit) + std::size_t{nodes} * nodes));
  slit.nodes = nodes;
  Bytes table;
  append(table, slit);
  for (std::uint32_t from = 0; from < nodes; ++from)
    for (std::uint32_t to = 0; to < nodes; ++to) append(table, from == to ? distance_local : distance_remote);
  seal(table);
  return table;
}

Bytes build_xsdt(std::span<const std::uint64_t> addresses) {
  Bytes table;
  append(table,
         make_header("XSDT", 1, static_cast<std::uint32_t>(sizeof(TableHeader) + addresses.size_bytes())));
  for (const auto address : addresses) append(table, address);
  seal(table);
  return table;
}

Rsdp build_rsdp(std::uint64_t xsdt_address) {
  Rsdp rsdp;
  rsdp.xsdt_address = xsdt_address;
  rsdp.checksum = checksum_of(bytes_of(rsdp).first(20));
  rsdp.extended_checksum = checksum_of(bytes_of(rsdp));
  return rsdp;
}

}  // namespace

Bytes build_tables(const Platform& platform) {
  Bytes out(sizeof(Rsdp));
  const auto place = [&out](std::span<const std::byte> table) {
    out.resize((out.size() + 7) / 8 * 8);
    const auto address = layout::acpi_start + out.size();
    out.insert(out.end(), table.begin(), table.end());
    return address;
  };
  const auto dsdt_address = place(dsdt());
  std::vector<std::uint64_t> listed{place(build_fadt(dsdt_address)), place(build_madt(platform.apic_ids)),
                                    place(build_mcfg())};
  if (platform.serial == policy::Switch::on) listed.push_back(place(serial_ssdt()));
  if (platform.watchdog == policy::Switch::on) listed.push_back(place(build_wdat()));
  if (!platform.memory.empty()) {
    listed.push_back(place(build_srat(platform)));
    listed.push_back(place(build_slit(platform.memory.back().node + 1)));
  }
  const auto rsdp = build_rsdp(place(build_xsdt(listed)));
  std::ranges::copy(bytes_of(rsdp), out.begin());
  return out;
}

Result<GuestAddress> write_tables(const GuestMemory& memory, const Platform& platform) {
  const auto tables = build_tables(platform);
  if (tables.size() > layout::acpi_size) return invalid("the ACPI tables do not fit into their area");
  IMMURE_TRY(memory.write(GuestAddress{layout::acpi_start}, tables));
  return GuestAddress{layout::acpi_start};
}

}  // namespace immure::vmm::acpi
