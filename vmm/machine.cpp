#include "vmm/machine.hpp"

#include <algorithm>
#include <chrono>

#include "policy/fd_layout.hpp"
#include "vmm/acpi/tables.hpp"
#include "vmm/boot/loader.hpp"
#include "vmm/kvm/cpu_model.hpp"
#include "vmm/kvm/cpuid.hpp"
#include "vmm/machine_layout.hpp"
#include "vmm/virtio/block.hpp"
#include "vmm/virtio/console.hpp"
#include "vmm/virtio/frame_stream.hpp"
#include "vmm/virtio/net.hpp"
#include "vmm/virtio/rng.hpp"
#include "vmm/virtio/tap.hpp"
#include "vmm/virtio/vhost_net.hpp"
#include "vmm/virtio/virtio_pci_device.hpp"
#include "vmm/virtio/vsock.hpp"

namespace immure::vmm {

namespace fds = policy::vmm_fd;
using policy::Switch;

namespace {

constexpr std::chrono::seconds flush_deadline{60};

Result<std::unique_ptr<virtio::NetBackend>> net_backend(policy::NetCarrier carrier, UniqueFd fd) {
  if (carrier == policy::NetCarrier::stream) return IMMURE_TRY(virtio::FrameStream::create(std::move(fd)));
  return IMMURE_TRY(virtio::Tap::create(std::move(fd)));
}

/// Where the time of a device goes that has just reported: of disks and networks, the last one's so far.
std::uint64_t* time_of(virtio::DeviceType type, policy::StatisticsMessage& statistics) {
  auto& boot = statistics.boot;
  switch (type) {
    case virtio::DeviceType::block:
      return &boot.disks.at(statistics.disk_count - 1);
    case virtio::DeviceType::network:
      return &boot.nets.at(statistics.net_count - 1);
    case virtio::DeviceType::console:
      return &boot.console;
    case virtio::DeviceType::balloon:
      return &boot.balloon;
    case virtio::DeviceType::socket:
      return &boot.vsock;
    case virtio::DeviceType::entropy:
      return &boot.entropy;
  }
  return nullptr;
}

}  // namespace

Machine::Machine(GuestMemory memory, kvm::Vm vm, Ending ending, EventLoop io_loop)
    : memory_(std::move(memory)),
      vm_(std::move(vm)),
      ending_(std::move(ending)),
      io_loop_(std::move(io_loop)),
      console_output_(fds::console) {}

Result<std::unique_ptr<Machine>> Machine::build(const policy::VmmRecord& record) {
  const auto kvm = IMMURE_TRY(kvm::Kvm::adopt(UniqueFd(fds::kvm)));
  auto memory = IMMURE_TRY(GuestMemory::create(record.memory_bytes, {.pages = record.pages,
                                                                     .prefault = record.prefault,
                                                                     .lock = record.lock,
                                                                     .merge = record.memory_merge,
                                                                     .numa = record.numa}));
  auto vm = IMMURE_TRY(kvm::Vm::create(kvm, memory));
  auto ending = IMMURE_TRY(Ending::create());
  auto io_loop = IMMURE_TRY(EventLoop::create());
  std::unique_ptr<Machine> machine(
      new Machine(std::move(memory), std::move(vm), std::move(ending), std::move(io_loop)));
  auto& m = *machine;

  IMMURE_TRY(m.mmio_.add(layout::ioapic_start, layout::ioapic_size, m.ioapic_));
  IMMURE_TRY(m.ports_.add(layout::power_port, layout::power_port_count, m.power_));
  IMMURE_TRY(m.ports_.add(layout::panic_port, 1, m.panic_port_));
  if (record.serial == Switch::on) IMMURE_TRY(m.add_serial());
  IMMURE_TRY(m.add_pci(record));
  if (record.watchdog != policy::WatchdogExpiry::no_watchdog) IMMURE_TRY(m.add_watchdog(record.watchdog));
  IMMURE_TRY(m.add_vcpus(kvm, record));
  return machine;
}

Result<void> Machine::add_serial() {
  serial_ = IMMURE_TRY(Serial::create(serial_line_, console_output_));
  return ports_.add(layout::serial_port, layout::serial_port_count, *serial_);
}

Result<void> Machine::add_watchdog(policy::WatchdogExpiry expiry) {
  const auto end =
      expiry == policy::WatchdogExpiry::reset ? policy::VmmExit::guest_reset : policy::VmmExit::guest_crashed;
  watchdog_ = IMMURE_TRY(Watchdog::create(ending_, end));
  return ports_.add(layout::watchdog_port, layout::watchdog_port_count, *watchdog_);
}

Result<void> Machine::add_pci(const policy::VmmRecord& record) {
  IMMURE_TRY(mmio_.add(layout::ecam_start, layout::ecam_size, pci_.ecam()));
  IMMURE_TRY(mmio_.add(layout::pci_window_start, layout::pci_window_size, pci_.window()));
  constexpr std::size_t others = 4;  // Console, balloon, vsock and source of random numbers.
  if (record.disk_count + record.net_count + others >= PciRoot::slots) pci_.share_slots();
  for (std::uint32_t i = 0; i < record.disk_count; ++i) {
    const auto& disk = record.disks[i];
    UniqueFd fd(fds::first_disk + static_cast<int>(i));
    IMMURE_TRY(add_virtio(IMMURE_TRY(virtio::Block::create(std::move(fd), disk))));
  }
  for (std::uint32_t i = 0; i < record.net_count; ++i) {
    const auto& net = record.nets[i];
    auto backend = IMMURE_TRY(net_backend(net.carrier, UniqueFd(fds::first_net + static_cast<int>(i))));
    if (net.carrier == policy::NetCarrier::vhost) {
      auto vhost = virtio::kernel_vhost(UniqueFd(fds::first_vhost + static_cast<int>(i)));
      IMMURE_TRY(add_virtio(IMMURE_TRY(
          virtio::VhostNet::create(memory_, std::move(vhost), std::move(backend), net.id.view(), net.mac))));
      continue;
    }
    IMMURE_TRY(add_virtio(virtio::Net::create(std::move(backend), net.id.view(), net.mac, net.limit)));
  }
  if (record.console == Switch::on)
    IMMURE_TRY(add_virtio(IMMURE_TRY(virtio::Console::create(UniqueFd(fds::console), record.console_limit))));
  if (record.balloon == Switch::on) {
    auto balloon = IMMURE_TRY(virtio::Balloon::create(memory_));
    balloon_ = balloon.get();
    IMMURE_TRY(add_virtio(std::move(balloon)));
  }
  if (record.vsock_cid != 0)
    IMMURE_TRY(add_virtio(IMMURE_TRY(virtio::Vsock::create(UniqueFd(fds::vsock), record.vsock_cid))));
  if (record.entropy == Switch::on)
    IMMURE_TRY(add_virtio(std::make_unique<virtio::Rng>(record.entropy_limit)));
  return {};
}

Result<void> Machine::add_virtio(std::unique_ptr<virtio::Device> device) {
  if (const auto limits = device->limits(); !limits.empty())
    limited_.push_back({.name = device->traits().name, .limits = limits});
  devices_.push_back(device.get());
  return pci_.add(IMMURE_TRY(virtio::VirtioPciDevice::create(vm_, memory_, io_loop_, std::move(device))));
}

bool Machine::change_limit(std::string_view device, const policy::RateLimit& limit) {
  const auto found = std::ranges::find(limited_, device, &Limited::name);
  if (found == limited_.end()) return false;
  for (auto& each : found->limits) each.change(limit);
  return true;
}

policy::StatisticsMessage Machine::statistics() const {
  policy::StatisticsMessage out{.header = policy::header_of<policy::StatisticsMessage>()};
  for (const auto* device : devices_) {
    device->report(out);
    if (auto* const time = time_of(device->traits().type, out)) *time = device->taken_usec();
  }
  if (serial_) serial_->report(out);
  for (const auto& vcpu : vcpus_) out.vcpus.at(out.vcpu_count++) = vcpu.exits();
  out.machine.uptime_usec = monotonic_usec() - built_usec_;
  out.boot.machine = built_usec_;
  out.boot.guest = running_usec_;
  return out;
}

Result<void> Machine::add_vcpus(const kvm::Kvm& kvm, const policy::VmmRecord& record) {
  const auto supported = IMMURE_TRY(kvm::reduce_to_model(IMMURE_TRY(kvm.supported_cpuid()), record.model));
  const kvm::ExitHandlers handlers{.ports = &ports_, .memory = &mmio_, .interrupts = &ioapic_};
  const kvm::CpuShape shape{
      .topology = record.topology, .nested = record.nested, .features_off = record.features_off};
  for (std::uint32_t i = 0; i < record.vcpus; ++i) {
    // KVM takes a vCPU's number for its APIC id.
    auto vcpu = IMMURE_TRY(kvm::Vcpu::create(kvm, vm_, kvm::apic_id(shape.topology, i), handlers));
    IMMURE_TRY(vcpu.set_cpuid(kvm::guest_cpuid(supported, shape, i)));
    IMMURE_TRY(vcpu.set_model_registers());
    vcpus_.push_back(std::move(vcpu));
  }
  return {};
}

Result<void> Machine::load_images(const policy::VmmRecord& record) {
  acpi::Platform platform{.apic_ids = {}, .serial = record.serial, .watchdog = Switch::off, .memory = {}};
  for (std::uint32_t i = 0; i < record.vcpus; ++i)
    platform.apic_ids.push_back(static_cast<std::uint8_t>(kvm::apic_id(record.topology, i)));
  if (watchdog_) platform.watchdog = Switch::on;
  platform.memory = numa_ranges(record.memory_bytes, record.numa.nodes);
  const auto rsdp = IMMURE_TRY(acpi::write_tables(memory_, platform));
  boot::BootRequest request{.kernel = IMMURE_TRY(boot::ImageFile::open(fds::kernel, "kernel")),
                            .initrd = std::nullopt,
                            .command_line = record.command_line.view(),
                            .rsdp = rsdp};
  if (record.has_initrd == Switch::on)
    request.initrd = IMMURE_TRY(boot::ImageFile::open(fds::initrd, "initrd"));
  const auto entry = IMMURE_TRY(boot::load(memory_, request));
  return vcpus_.front().set_entry(entry);
}

void Machine::run_vcpu(std::uint32_t index) {
  if (index == 0) running_usec_ = monotonic_usec();
  const auto end = vcpus_[index].run();
  const auto vcpu = "vCPU " + std::to_string(index) + ": ";
  if (!end) {
    ending_.request(policy::VmmExit::guest_crashed, vcpu + end.error().message);
  } else if (*end == kvm::VcpuEnd::reset) {
    ending_.request(policy::VmmExit::guest_reset, vcpu + "reset");
  } else {
    ending_.request(policy::VmmExit::guest_crashed, vcpu + "triple fault");
  }
}

void Machine::run_io() {
  if (const auto ran = io_loop_.run(); !ran)
    ending_.request(policy::VmmExit::guest_crashed, "io thread: " + ran.error().message);
  auto outcome = pci_.shut_down();
  const std::scoped_lock lock(io_mutex_);
  io_outcome_ = std::move(outcome);
  io_done_.notify_all();
}

Result<void> Machine::shut_down() {
  if (serial_) serial_->flush();
  io_loop_.stop();
  std::unique_lock lock(io_mutex_);
  // A disk of the host that does not answer must not keep the VMM for ever.
  if (!io_done_.wait_for(lock, flush_deadline, [this] { return io_outcome_.has_value(); }))
    return invalid("the disks did not become durable in time");
  return *io_outcome_;
}

}  // namespace immure::vmm
