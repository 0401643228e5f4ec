#include "vmm/virtio/common_registers.hpp"

#include <optional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "base/io.hpp"

using namespace immure;
using namespace immure::vmm::virtio;

namespace {

constexpr std::uint64_t own_feature = 1ULL << 5;
constexpr auto ok = CommonRegisters::Effect::none;

struct Fixture {
  DeviceTraits traits{.type = DeviceType::block,
                      .name = "test",
                      .features = feature::common | own_feature,
                      .queue_sizes = {256, 64}};
  CommonRegisters registers{traits, 3};

  /// What the write did; nothing where it broke a rule.
  template <typename T>
  std::optional<CommonRegisters::Effect> write(std::size_t offset, T value) {
    const auto result = registers.write(offset, bytes_of(value));
    return result ? std::optional(*result) : std::nullopt;
  }
  template <typename T>
  T read(std::size_t offset) {
    T value{};
    registers.read(offset, writable_bytes_of(value));
    return value;
  }
  auto set_status(std::uint8_t value) { return write(offsetof(CommonConfig, device_status), value); }
  std::uint8_t status() { return read<std::uint8_t>(offsetof(CommonConfig, device_status)); }
  auto take_features(std::uint64_t features) {
    (void)write<std::uint32_t>(offsetof(CommonConfig, driver_feature_select), 0);
    (void)write(offsetof(CommonConfig, driver_feature), static_cast<std::uint32_t>(features));
    (void)write<std::uint32_t>(offsetof(CommonConfig, driver_feature_select), 1);
    return write(offsetof(CommonConfig, driver_feature), static_cast<std::uint32_t>(features >> 32));
  }
  /// As far as `last` of the statuses 1, 3, 11, 15.
  void go_to(std::uint8_t last) {
    for (const auto next : std::initializer_list<std::uint8_t>{1, 3, 11, 15}) {
      if (next == 11) REQUIRE(take_features(feature::version_1));
      REQUIRE(set_status(next));
      if (next == last) return;
    }
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a driver that keeps the order gets its device started", "[registers]") {
  CHECK(set_status(1) == ok);
  CHECK(set_status(3) == ok);
  REQUIRE(take_features(feature::version_1 | own_feature));
  CHECK(set_status(11) == ok);
  CHECK(status() == 11);
  CHECK_FALSE(registers.is_running());
  CHECK(set_status(15) == CommonRegisters::Effect::started);
  CHECK(registers.is_running());
  CHECK(registers.features() == (feature::version_1 | own_feature));
}

TEST_CASE_METHOD(Fixture, "features are offered in two halves and nothing above", "[registers]") {
  const auto offered = [&](std::uint32_t select) {
    REQUIRE(write(offsetof(CommonConfig, device_feature_select), select));
    return read<std::uint32_t>(offsetof(CommonConfig, device_feature));
  };
  CHECK(offered(0) == static_cast<std::uint32_t>(traits.features));
  CHECK(offered(1) == static_cast<std::uint32_t>(traits.features >> 32));
  CHECK(offered(2) == 0);
  CHECK(offered(0xffff'ffff) == 0);
}

TEST_CASE_METHOD(Fixture, "FEATURES_OK is refused for what was not offered, and without VERSION_1",
                 "[registers]") {
  go_to(3);
  const auto features =
      GENERATE(feature::version_1 | 1ULL << 50, feature::version_1 | 2ULL, own_feature, std::uint64_t{0});
  REQUIRE(take_features(features));
  CHECK(set_status(11) == ok);
  CHECK(status() == 3);
}

TEST_CASE_METHOD(Fixture, "features are writable between ACKNOWLEDGE and FEATURES_OK only", "[registers]") {
  CHECK_FALSE(take_features(feature::version_1));
  go_to(11);
  CHECK_FALSE(take_features(feature::version_1 | own_feature));
  CHECK(registers.features() == feature::version_1);
}

TEST_CASE_METHOD(Fixture, "hostile: status bits set out of order", "[registers][hostile]") {
  CHECK_FALSE(set_status(2));
  CHECK_FALSE(set_status(4));
  CHECK_FALSE(set_status(8));
  CHECK(status() == 0);
  go_to(3);
  CHECK_FALSE(set_status(7));   // DRIVER_OK without FEATURES_OK
  CHECK_FALSE(set_status(15));  // both at once
  CHECK_FALSE(set_status(3 | 16));
  CHECK(status() == 3);
}

TEST_CASE_METHOD(Fixture, "hostile: status bits cleared", "[registers][hostile]") {
  go_to(15);
  CHECK_FALSE(set_status(11));
  CHECK_FALSE(set_status(1));
  CHECK(status() == 15);
  CHECK(registers.is_running());
}

TEST_CASE_METHOD(Fixture, "DEVICE_NEEDS_RESET stays until the driver resets", "[registers]") {
  go_to(15);
  registers.require_reset();
  CHECK(status() == (15 | 64));
  CHECK_FALSE(registers.is_running());
  CHECK(set_status(15) == ok);  // does not clear it
  CHECK(status() == (15 | 64));
  CHECK(set_status(15 | 64 | 128) == ok);
  CHECK(set_status(0) == CommonRegisters::Effect::reset);
  CHECK(status() == 0);
}

TEST_CASE_METHOD(Fixture, "a driver cannot set DEVICE_NEEDS_RESET itself", "[registers]") {
  CHECK(set_status(1 | 64) == ok);
  CHECK(status() == 1);
}

TEST_CASE_METHOD(Fixture, "a reset brings every register back", "[registers]") {
  go_to(11);
  REQUIRE(write<std::uint16_t>(offsetof(CommonConfig, queue_select), 1));
  REQUIRE(write<std::uint16_t>(offsetof(CommonConfig, queue_size), 16));
  REQUIRE(write<std::uint64_t>(offsetof(CommonConfig, queue_desc), 0x1'0000'1000));
  REQUIRE(write<std::uint16_t>(offsetof(CommonConfig, queue_msix_vector), 2));
  REQUIRE(write<std::uint16_t>(offsetof(CommonConfig, config_msix_vector), 0));
  REQUIRE(write<std::uint16_t>(offsetof(CommonConfig, queue_enable), 1));
  CHECK(read<std::uint64_t>(offsetof(CommonConfig, queue_desc)) == 0x1'0000'1000);
  REQUIRE(set_status(0));
  CHECK(read<std::uint16_t>(offsetof(CommonConfig, queue_select)) == 0);
  CHECK(read<std::uint16_t>(offsetof(CommonConfig, config_msix_vector)) == no_vector);
  CHECK(registers.features() == 0);
  REQUIRE(write<std::uint16_t>(offsetof(CommonConfig, queue_select), 1));
  CHECK(read<std::uint16_t>(offsetof(CommonConfig, queue_size)) == 64);
  CHECK(read<std::uint16_t>(offsetof(CommonConfig, queue_enable)) == 0);
  CHECK(read<std::uint16_t>(offsetof(CommonConfig, queue_msix_vector)) == no_vector);
  CHECK(read<std::uint64_t>(offsetof(CommonConfig, queue_desc)) == 0);
}

TEST_CASE_METHOD(Fixture, "hostile: queue registers changed after DRIVER_OK", "[registers][hostile]") {
  go_to(15);
  CHECK_FALSE(write<std::uint16_t>(offsetof(CommonConfig, queue_size), 16));
  CHECK_FALSE(write<std::uint16_t>(offsetof(CommonConfig, queue_enable), 1));
  CHECK_FALSE(write<std::uint32_t>(offsetof(CommonConfig, queue_desc), 0x1000));
  CHECK_FALSE(write<std::uint32_t>(offsetof(CommonConfig, queue_driver) + 4, 0x1000));
  CHECK_FALSE(write<std::uint64_t>(offsetof(CommonConfig, queue_device), 0x1000));
  CHECK(read<std::uint16_t>(offsetof(CommonConfig, queue_size)) == 256);
  CHECK(read<std::uint64_t>(offsetof(CommonConfig, queue_desc)) == 0);
}

TEST_CASE_METHOD(Fixture, "hostile: queue registers changed while the queue is enabled",
                 "[registers][hostile]") {
  go_to(11);
  REQUIRE(write<std::uint32_t>(offsetof(CommonConfig, queue_desc), 0x1000));
  REQUIRE(write<std::uint16_t>(offsetof(CommonConfig, queue_enable), 1));
  CHECK_FALSE(write<std::uint32_t>(offsetof(CommonConfig, queue_desc), 0x2000));
  CHECK_FALSE(write<std::uint16_t>(offsetof(CommonConfig, queue_size), 16));
  CHECK_FALSE(write<std::uint16_t>(offsetof(CommonConfig, queue_enable), 0));
  CHECK(registers.queues()[0].setup.descriptors == immure::vmm::GuestAddress{0x1000});
  CHECK(registers.queues()[0].is_enabled);
}

TEST_CASE_METHOD(Fixture, "hostile: queues set up before FEATURES_OK", "[registers][hostile]") {
  go_to(3);
  CHECK_FALSE(write<std::uint16_t>(offsetof(CommonConfig, queue_enable), 1));
}

TEST_CASE_METHOD(Fixture, "hostile: queue_select out of range", "[registers][hostile]") {
  go_to(11);
  for (const auto select : std::initializer_list<std::uint16_t>{2, 255, 65535}) {
    REQUIRE(write(offsetof(CommonConfig, queue_select), select));
    CHECK(read<std::uint16_t>(offsetof(CommonConfig, queue_size)) == 0);
    CHECK(read<std::uint16_t>(offsetof(CommonConfig, queue_enable)) == 0);
    CHECK_FALSE(write<std::uint16_t>(offsetof(CommonConfig, queue_enable), 1));
    CHECK(write<std::uint16_t>(offsetof(CommonConfig, queue_msix_vector), 1) == ok);
    CHECK(read<std::uint16_t>(offsetof(CommonConfig, queue_msix_vector)) == no_vector);
  }
}

TEST_CASE_METHOD(Fixture, "hostile: MSI-X vector out of range", "[registers][hostile]") {
  for (const auto vector : std::initializer_list<std::uint16_t>{3, 0x7fff, 0xfffe}) {
    REQUIRE(write(offsetof(CommonConfig, config_msix_vector), vector));
    CHECK(read<std::uint16_t>(offsetof(CommonConfig, config_msix_vector)) == no_vector);
    REQUIRE(write(offsetof(CommonConfig, queue_msix_vector), vector));
    CHECK(read<std::uint16_t>(offsetof(CommonConfig, queue_msix_vector)) == no_vector);
  }
  REQUIRE(write<std::uint16_t>(offsetof(CommonConfig, config_msix_vector), 2));
  CHECK(read<std::uint16_t>(offsetof(CommonConfig, config_msix_vector)) == 2);
}

TEST_CASE_METHOD(Fixture, "hostile: queue sizes that are none", "[registers][hostile]") {
  go_to(11);
  for (const auto size : std::initializer_list<std::uint16_t>{0, 3, 255, 512, 0xffff})
    CHECK_FALSE(write(offsetof(CommonConfig, queue_size), size));
  CHECK(read<std::uint16_t>(offsetof(CommonConfig, queue_size)) == 256);
}

TEST_CASE_METHOD(Fixture, "hostile: register accesses of a wrong width or place", "[registers][hostile]") {
  CHECK_FALSE(write<std::uint32_t>(offsetof(CommonConfig, device_status), 1));
  CHECK_FALSE(write<std::uint8_t>(offsetof(CommonConfig, queue_select), 1));
  CHECK_FALSE(write<std::uint16_t>(1, 1));
  CHECK_FALSE(write<std::uint32_t>(sizeof(CommonConfig), 1));
  CHECK_FALSE(write<std::uint32_t>(~0ULL - 3, 1));
  CHECK_FALSE(write<std::uint64_t>(offsetof(CommonConfig, config_msix_vector), 1));
  CHECK(read<std::uint64_t>(sizeof(CommonConfig) - 4) == 0);
  CHECK(read<std::uint64_t>(~0ULL - 3) == 0);
}
