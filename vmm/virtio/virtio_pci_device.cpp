#include "vmm/virtio/virtio_pci_device.hpp"

#include <algorithm>
#include <array>

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/checked.hpp"
#include "base/io.hpp"

namespace immure::vmm::virtio {

namespace {

/// PCI class code of a device type: base class and subclass (PCI 3.0, appendix D).
pci::ConfigHeader header_of(DeviceType type) {
  pci::ConfigHeader header;
  header.vendor_id = 0x1af4;  // 4.1.2
  header.device_id = static_cast<std::uint16_t>(0x1040 + static_cast<unsigned>(type));
  header.revision = 1;
  header.subsystem_vendor_id = header.vendor_id;
  header.subsystem_id = header.device_id;
  switch (type) {
    case DeviceType::network:
      header.base_class = 0x02;
      break;
    case DeviceType::block:
      header.base_class = 0x01;
      header.subclass = 0x80;
      break;
    case DeviceType::console:
    case DeviceType::socket:
      header.base_class = 0x07;
      header.subclass = 0x80;
      break;
    case DeviceType::balloon:
    case DeviceType::entropy:
      header.base_class = 0xff;
      break;
  }
  return header;
}

/// One structure in the BAR: where it starts and how many bytes the driver may touch.
bool is_in(std::uint64_t offset, std::size_t size, std::uint32_t start, std::uint64_t length) {
  return offset >= start && range_fits<std::uint64_t>(offset - start, size, length);
}

constexpr std::uint64_t msix_pending_size = pci::Msix::max_vectors / 8;

}  // namespace

Result<std::unique_ptr<VirtioPciDevice>> VirtioPciDevice::create(VmEvents& events, const GuestMemory& memory,
                                                                 EventLoop& loop,
                                                                 std::unique_ptr<Device> device) {
  // One vector per queue and one for configuration changes.
  const auto vectors = static_cast<std::uint16_t>(device->traits().queue_sizes.size() + 1);
  auto msix = IMMURE_TRY(pci::Msix::create(events, vectors));
  std::unique_ptr<VirtioPciDevice> function(
      new VirtioPciDevice(events, memory, std::move(device), std::move(msix)));
  IMMURE_TRY(function->watch(loop));
  return function;
}

VirtioPciDevice::VirtioPciDevice(VmEvents& events, const GuestMemory& memory, std::unique_ptr<Device> device,
                                 pci::Msix msix)
    : PciDevice(header_of(device->traits().type), bar::size),
      events_(events),
      memory_(memory),
      device_(std::move(device)),
      msix_(std::move(msix)),
      registers_(device_->traits(), msix_.vector_count()),
      queues_(device_->traits().queue_sizes.size()),
      log_(device_->traits().name) {
  add_capabilities();
}

void VirtioPciDevice::add_capabilities() {
  const auto add = [this](VirtioCapability type, std::uint32_t offset, std::uint64_t size,
                          std::uint32_t extra, bool has_extra, std::span<const std::byte> writable = {}) {
    VirtioPciCapability body{};
    const std::size_t length = sizeof(body) - (has_extra ? 0 : sizeof(body.extra));
    body.length = static_cast<std::uint8_t>(length + 2);
    body.type = type;
    body.offset = offset;
    body.size = static_cast<std::uint32_t>(size);
    body.extra = extra;
    return config().add_capability(pci::CapabilityId::vendor_specific, bytes_of(body).first(length),
                                   writable);
  };
  add(VirtioCapability::common, bar::common, sizeof(CommonConfig), 0, false);
  add(VirtioCapability::notify, bar::notify, std::uint64_t{bar::notify_multiplier} * queues_.size(),
      bar::notify_multiplier, true);
  add(VirtioCapability::isr, bar::isr, 1, 0, false);
  if (const auto size = device_->config().size(); size != 0)
    add(VirtioCapability::device, bar::device, size, 0, false);

  // The driver may write BAR, offset, size and data of the window (4.1.4.9).
  VirtioPciCapability writable{};
  writable.bar = 0xff;
  writable.offset = ~0U;
  writable.size = ~0U;
  writable.extra = ~0U;
  window_capability_ = add(VirtioCapability::pci_access, 0, 0, 0, true, bytes_of(writable));

  const pci::MsixCapability msix{.control = static_cast<std::uint16_t>(msix_.vector_count() - 1),
                                 .table = bar::msix_table,
                                 .pending = bar::msix_pending};
  const pci::MsixCapability msix_writable{
      .control = pci::msix_enable | pci::msix_function_mask, .table = 0, .pending = 0};
  msix_capability_ =
      config().add_capability(pci::CapabilityId::msix, bytes_of(msix), bytes_of(msix_writable));
}

Result<void> VirtioPciDevice::watch(EventLoop& loop) {
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    auto& doorbell = queues_[i].doorbell;
    doorbell.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!doorbell) return system_error("eventfd for a virtio queue");
    if (device_->queue_server() != nullptr) {
      IMMURE_TRY(watch_server(loop, i));
      continue;
    }
    // Edge-triggered: each notification is an edge, whatever the count is, so that none needs a read(2).
    IMMURE_TRY(loop.add(doorbell.get(), EPOLLIN | EPOLLET, [this, i](std::uint32_t) {
      const std::scoped_lock lock(mutex());
      serve(i);
    }));
  }
  // Edge-triggered: what is not served now is tried again when the driver notifies or the fd changes, and
  // nothing has to be switched on or off after the start.
  const auto serve_all_on = [this, &loop](int fd) {
    return loop.add(fd, EPOLLIN | EPOLLOUT | EPOLLET, [this](std::uint32_t) {
      const std::scoped_lock lock(mutex());
      for (std::size_t i = 0; i < queues_.size(); ++i) serve(i);
    });
  };
  if (const int host_fd = device_->host_fd(); host_fd >= 0) IMMURE_TRY(serve_all_on(host_fd));
  for (auto& limit : device_->limits()) {
    IMMURE_TRY(limit.open());
    IMMURE_TRY(serve_all_on(limit.event()));
  }
  if (const int event = device_->config_event(); event >= 0) {
    IMMURE_TRY(loop.add(event, EPOLLIN | EPOLLET, [this](std::uint32_t) {
      const std::scoped_lock lock(mutex());
      device_->refresh_config();
      registers_.change_config();
      if (registers_.is_running()) interrupt(registers_.config_vector(), isr_config);
    }));
  }
  return {};
}

/// The doorbell is the server's. What it tells comes through us, which knows vectors, masks and whether the
/// device runs.
Result<void> VirtioPciDevice::watch_server(EventLoop& loop, std::size_t index) {
  auto& queue = queues_[index];
  queue.used.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  queue.broken.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!queue.used || !queue.broken) return system_error("eventfd for a virtio queue");
  IMMURE_TRY(loop.add(queue.used.get(), EPOLLIN | EPOLLET, [this, index](std::uint32_t) {
    const std::scoped_lock lock(mutex());
    if (registers_.is_running()) interrupt(registers_.queues()[index].vector, isr_queue);
  }));
  IMMURE_TRY(loop.add(queue.broken.get(), EPOLLIN | EPOLLET, [this, index](std::uint32_t) {
    const std::scoped_lock lock(mutex());
    // None is there where a reset came in between: that one was of the driver before.
    eventfd_t count = 0;
    if (::eventfd_read(queues_[index].broken.get(), &count) != 0 || !registers_.is_running()) return;
    stop_for(invalid("queue " + std::to_string(index) + " is not one that vhost can serve").error());
  }));
  return device_->queue_server()->connect(
      static_cast<std::uint16_t>(index),
      {.doorbell = queue.doorbell.get(), .used = queue.used.get(), .broken = queue.broken.get()});
}

Result<void> VirtioPciDevice::shut_down() {
  const std::scoped_lock lock(mutex());
  reset();
  return device_->shut_down();
}

void VirtioPciDevice::read_bar(std::uint64_t offset, std::span<std::byte> data) {
  std::ranges::fill(data, std::byte{0xff});
  if (is_in(offset, data.size(), bar::common, sizeof(CommonConfig))) {
    registers_.read(offset - bar::common, data);
  } else if (is_in(offset, data.size(), bar::isr, 1)) {
    data[0] = std::byte{std::exchange(isr_, std::uint8_t{0})};  // reading acknowledges (4.1.4.5.1)
  } else if (const auto config = device_->config(); is_in(offset, data.size(), bar::device, config.size())) {
    std::ranges::copy(config.subspan(offset - bar::device, data.size()), data.begin());
  } else if (is_in(offset, data.size(), bar::msix_table, bar::page)) {
    msix_.read_table(offset - bar::msix_table, data);
  } else if (is_in(offset, data.size(), bar::msix_pending, msix_pending_size)) {
    msix_.read_pending(offset - bar::msix_pending, data);
  }
}

void VirtioPciDevice::write_bar(std::uint64_t offset, std::span<const std::byte> data) {
  if (is_in(offset, data.size(), bar::common, sizeof(CommonConfig))) {
    write_common(offset - bar::common, data);
  } else if (is_in(offset, data.size(), bar::notify, bar::notify_multiplier * queues_.size())) {
    // Only where KVM does not watch the address itself.
    ring((offset - bar::notify) / bar::notify_multiplier);
  } else if (is_in(offset, data.size(), bar::msix_table, bar::page)) {
    warn_of(msix_.write_table(offset - bar::msix_table, data));
  }
}

void VirtioPciDevice::write_common(std::uint64_t offset, std::span<const std::byte> data) {
  auto effect = registers_.write(offset, data);
  if (!effect) return stop_for(effect.error());
  switch (*effect) {
    case CommonRegisters::Effect::none:
      break;
    case CommonRegisters::Effect::reset:
      reset();
      break;
    case CommonRegisters::Effect::started:
      if (auto started = start(); !started) stop_for(started.error());
      break;
  }
}

Result<void> VirtioPciDevice::start() {
  const auto features = registers_.features();
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const auto& registers = registers_.queues()[i];
    if (!registers.is_enabled) continue;
    queues_[i].queue = IMMURE_TRY(Virtqueue::create(memory_, registers.setup, features));
  }
  device_->start(features);
  if (device_->queue_server() != nullptr) IMMURE_TRY(start_server());
  device_->note_taken();
  for (std::size_t i = 0; i < queues_.size(); ++i) ring(i);  // for what was made available before
  return {};
}

/// The server reads the rings; that they are well-formed was asked when our own side of them was made.
Result<void> VirtioPciDevice::start_server() {
  std::vector<std::optional<QueueSetup>> setups;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    auto& setup = setups.emplace_back();
    if (queues_[i].queue) setup = registers_.queues()[i].setup;
    queues_[i].queue.reset();
  }
  return device_->queue_server()->serve(registers_.features(), setups);
}

void VirtioPciDevice::reset() {
  stop_device();
  registers_.reset();
  isr_ = 0;
}

/// First whoever touches guest memory by itself, then what we know of the queues.
void VirtioPciDevice::stop_device() {
  if (auto* const server = device_->queue_server()) {
    warn_of(server->stop());
    eventfd_t count = 0;
    for (auto& queue : queues_) (void)::eventfd_read(queue.broken.get(), &count);
  }
  for (auto& queue : queues_) queue.queue.reset();
  device_->reset();
}

void VirtioPciDevice::ring(std::size_t index) {
  if (index < queues_.size()) (void)::eventfd_write(queues_[index].doorbell.get(), 1);
}

void VirtioPciDevice::serve(std::size_t index) {
  auto& queue = queues_[index].queue;
  if (!queue || !registers_.is_running()) return;
  auto progress = device_->serve(static_cast<std::uint16_t>(index), *queue);
  // Also after an error: what was given back before it counts.
  auto wants_interrupt = queue->take_interrupt();
  if (wants_interrupt && *wants_interrupt) interrupt(registers_.queues()[index].vector, isr_queue);
  if (!progress) return stop_for(progress.error());
  if (!wants_interrupt) return stop_for(wants_interrupt.error());
  if (*progress == Progress::more) ring(index);
  if (*progress == Progress::all)
    for (std::size_t i = 0; i < queues_.size(); ++i) ring(i);
}

void VirtioPciDevice::interrupt(std::uint16_t vector, std::uint8_t isr_bit) {
  if (msix_.enabled())
    warn_of(msix_.signal(vector));
  else
    isr_ |= isr_bit;  // there is no INTx: a driver without MSI-X has to poll
}

/// The driver broke the protocol: nothing more is done for it until it resets the device (2.1.2).
void VirtioPciDevice::stop_for(const Error& error) {
  log_.warn("guest driver: " + error.message);
  registers_.require_reset();
  stop_device();
  if (registers_.is_driver_ok()) interrupt(registers_.config_vector(), isr_config);
}

void VirtioPciDevice::warn_of(const Result<void>& result) {
  if (!result) log_.warn(result.error().message);
}

}  // namespace immure::vmm::virtio
