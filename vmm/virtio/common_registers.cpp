#include "vmm/virtio/common_registers.hpp"

#include <algorithm>
#include <cstring>

#include "base/checked.hpp"
#include "base/io.hpp"

namespace immure::vmm::virtio {

namespace {

constexpr std::uint8_t driver_bits =
    status::acknowledge | status::driver | status::features_ok | status::driver_ok | status::failed;

constexpr std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
constexpr std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

GuestAddress with_low(GuestAddress address, std::uint32_t value) {
  return GuestAddress{std::uint64_t{high(raw(address))} << 32 | value};
}
GuestAddress with_high(GuestAddress address, std::uint32_t value) {
  return GuestAddress{std::uint64_t{value} << 32 | low(raw(address))};
}

/// The width of the register at `offset`; 0 where none starts there. The 64-bit ones are two of 32 bits.
constexpr std::size_t register_width(std::uint64_t offset) {
  switch (offset) {
    case offsetof(CommonConfig, device_status):
    case offsetof(CommonConfig, config_generation):
      return 1;
    case offsetof(CommonConfig, config_msix_vector):
    case offsetof(CommonConfig, num_queues):
    case offsetof(CommonConfig, queue_select):
    case offsetof(CommonConfig, queue_size):
    case offsetof(CommonConfig, queue_msix_vector):
    case offsetof(CommonConfig, queue_enable):
    case offsetof(CommonConfig, queue_notify_off):
      return 2;
    default:
      return offset % 4 == 0 && offset < sizeof(CommonConfig) ? 4 : 0;
  }
}

}  // namespace

CommonRegisters::CommonRegisters(const DeviceTraits& traits, std::uint16_t vectors)
    : offered_(traits.features), vectors_(vectors) {
  for (const auto size : traits.queue_sizes) queues_.push_back({.max_size = size, .setup = {.size = size}});
}

void CommonRegisters::reset() {
  status_ = 0;
  device_feature_select_ = 0;
  driver_feature_select_ = 0;
  driver_features_ = 0;
  config_vector_ = no_vector;
  queue_select_ = 0;
  for (auto& queue : queues_) queue = {.max_size = queue.max_size, .setup = {.size = queue.max_size}};
}

bool CommonRegisters::is_running() const {
  return is_driver_ok() && (status_ & (status::failed | status::needs_reset)) == 0;
}

CommonConfig CommonRegisters::image() const {
  CommonConfig image;
  const auto half = [](std::uint64_t value, std::uint32_t select) {
    return select == 0 ? low(value) : select == 1 ? high(value) : 0;
  };
  image.device_feature_select = device_feature_select_;
  image.device_feature = half(offered_, device_feature_select_);
  image.driver_feature_select = driver_feature_select_;
  image.driver_feature = half(driver_features_, driver_feature_select_);
  image.config_msix_vector = config_vector_;
  image.num_queues = static_cast<std::uint16_t>(queues_.size());
  image.device_status = status_;
  image.config_generation = config_generation_;
  image.queue_select = queue_select_;
  // A queue that does not exist has size 0 (4.1.4.3.1).
  if (queue_select_ >= queues_.size()) return image;
  const auto& queue = queues_[queue_select_];
  image.queue_size = queue.setup.size;
  image.queue_msix_vector = queue.vector;
  image.queue_enable = queue.is_enabled ? 1 : 0;
  image.queue_notify_off = queue_select_;
  image.queue_desc = raw(queue.setup.descriptors);
  image.queue_driver = raw(queue.setup.available);
  image.queue_device = raw(queue.setup.used);
  return image;
}

void CommonRegisters::read(std::uint64_t offset, std::span<std::byte> data) const {
  std::ranges::fill(data, std::byte{0});
  if (!range_fits<std::uint64_t>(offset, data.size(), sizeof(CommonConfig))) return;
  const auto now = image();
  std::ranges::copy(bytes_of(now).subspan(offset, data.size()), data.begin());
}

// NOLINTNEXTLINE(misc-no-recursion): once, since each half has 4 bytes.
Result<CommonRegisters::Effect> CommonRegisters::write(std::uint64_t offset,
                                                       std::span<const std::byte> data) {
  if (data.size() == 8 && offset % 8 == 0 && offset >= offsetof(CommonConfig, queue_desc)) {
    (void)IMMURE_TRY(write(offset, data.first(4)));
    return write(offset + 4, data.last(4));
  }
  const auto width = register_width(offset);
  if (width == 0 || data.size() != width)
    return invalid("register write of " + std::to_string(data.size()) + " bytes at offset " +
                   std::to_string(offset));
  std::uint32_t value = 0;
  std::memcpy(&value, data.data(), width);

  switch (offset) {
    case offsetof(CommonConfig, device_status):
      return write_status(static_cast<std::uint8_t>(value));
    case offsetof(CommonConfig, device_feature_select):
      device_feature_select_ = value;
      break;
    case offsetof(CommonConfig, driver_feature_select):
      driver_feature_select_ = value;
      break;
    case offsetof(CommonConfig, driver_feature):
      IMMURE_TRY(write_feature(value));
      break;
    case offsetof(CommonConfig, config_msix_vector):
      config_vector_ = checked_vector(value);
      break;
    case offsetof(CommonConfig, queue_select):
      queue_select_ = static_cast<std::uint16_t>(value);
      break;
    case offsetof(CommonConfig, queue_msix_vector):
      // Not part of the queue's memory: drivers also clear it after a reset.
      if (queue_select_ < queues_.size()) queues_[queue_select_].vector = checked_vector(value);
      break;
    case offsetof(CommonConfig, device_feature):
    case offsetof(CommonConfig, num_queues):
    case offsetof(CommonConfig, config_generation):
    case offsetof(CommonConfig, queue_notify_off):
      break;  // read-only
    default:
      IMMURE_TRY(write_queue(offset, value));
  }
  return Effect::none;
}

Result<CommonRegisters::Effect> CommonRegisters::write_status(std::uint8_t value) {
  if (value == 0) {
    reset();
    return Effect::reset;
  }
  if ((value & ~(driver_bits | status::needs_reset)) != 0) return invalid("unknown device status bit");
  // DEVICE_NEEDS_RESET is the device's: what the driver writes there means nothing.
  const auto wanted = static_cast<std::uint8_t>(value & driver_bits);
  const auto current = static_cast<std::uint8_t>(status_ & driver_bits);
  if ((current & ~wanted) != 0) return invalid("driver cleared a device status bit");

  const auto added = static_cast<std::uint8_t>(wanted & ~current);
  const auto needs = [&](std::uint8_t bit, std::uint8_t before) {
    return (added & bit) == 0 || (wanted & before) == before;
  };
  if (!needs(status::driver, status::acknowledge) || !needs(status::features_ok, status::driver) ||
      !needs(status::driver_ok, status::features_ok))
    return invalid("driver set device status bits out of order");
  // The driver has to read FEATURES_OK back before it goes on (3.1.1).
  if ((added & status::features_ok) != 0 && (added & status::driver_ok) != 0)
    return invalid("driver set FEATURES_OK and DRIVER_OK at once");

  auto accepted = wanted;
  const bool features_fit =
      (driver_features_ & ~offered_) == 0 && (driver_features_ & feature::version_1) != 0;
  if ((added & status::features_ok) != 0 && !features_fit)
    accepted = static_cast<std::uint8_t>(accepted & ~status::features_ok);
  status_ = static_cast<std::uint8_t>((status_ & status::needs_reset) | accepted);
  return (added & status::driver_ok) != 0 && is_running() ? Effect::started : Effect::none;
}

Result<void> CommonRegisters::write_feature(std::uint32_t value) {
  if ((status_ & status::acknowledge) == 0) return invalid("feature written before ACKNOWLEDGE");
  if ((status_ & status::features_ok) != 0) return invalid("feature written after FEATURES_OK");
  // We offer nothing beyond bit 63, and the driver may not take what is not offered.
  if (driver_feature_select_ == 0)
    driver_features_ = std::uint64_t{high(driver_features_)} << 32 | value;
  else if (driver_feature_select_ == 1)
    driver_features_ = std::uint64_t{value} << 32 | low(driver_features_);
  else if (value != 0)
    return invalid("feature beyond bit 63");
  return {};
}

Result<CommonRegisters::Queue*> CommonRegisters::configurable_queue() {
  if (queue_select_ >= queues_.size()) return invalid("register of a queue that does not exist");
  if ((status_ & status::features_ok) == 0) return invalid("queue set up before FEATURES_OK");
  if (is_driver_ok()) return invalid("queue register changed after DRIVER_OK");
  auto& queue = queues_[queue_select_];
  if (queue.is_enabled) return invalid("register of an enabled queue changed");
  return &queue;
}

Result<void> CommonRegisters::write_queue(std::uint64_t offset, std::uint32_t value) {
  auto& queue = *IMMURE_TRY(configurable_queue());
  auto& setup = queue.setup;
  switch (offset) {
    case offsetof(CommonConfig, queue_size):
      if (value == 0 || value > queue.max_size || (value & (value - 1)) != 0)
        return invalid("queue size is not a power of two up to the queue's maximum");
      setup.size = static_cast<std::uint16_t>(value);
      break;
    case offsetof(CommonConfig, queue_enable):
      if (value != 1) return invalid("queue_enable written with something else than 1");
      queue.is_enabled = true;
      break;
    case offsetof(CommonConfig, queue_desc):
      setup.descriptors = with_low(setup.descriptors, value);
      break;
    case offsetof(CommonConfig, queue_desc) + 4:
      setup.descriptors = with_high(setup.descriptors, value);
      break;
    case offsetof(CommonConfig, queue_driver):
      setup.available = with_low(setup.available, value);
      break;
    case offsetof(CommonConfig, queue_driver) + 4:
      setup.available = with_high(setup.available, value);
      break;
    case offsetof(CommonConfig, queue_device):
      setup.used = with_low(setup.used, value);
      break;
    case offsetof(CommonConfig, queue_device) + 4:
      setup.used = with_high(setup.used, value);
      break;
    default:
      break;
  }
  return {};
}

/// A vector that does not exist reads back as "none", which tells the driver that it was refused
/// (4.1.5.1.2.1).
std::uint16_t CommonRegisters::checked_vector(std::uint32_t value) const {
  return value < vectors_ ? static_cast<std::uint16_t>(value) : no_vector;
}

}  // namespace immure::vmm::virtio
