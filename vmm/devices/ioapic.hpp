#pragma once

#include <array>
#include <cstdint>
#include <mutex>

#include "vmm/devices/end_of_interrupt_listener.hpp"
#include "vmm/devices/interrupt_line.hpp"
#include "vmm/devices/interrupt_sink.hpp"
#include "vmm/devices/io_handler.hpp"
#include "vmm/machine_layout.hpp"
#include "vmm/rate_limited_log.hpp"

namespace immure::vmm {

/// The I/O APIC of the split interrupt controller (Intel 82093AA datasheet, 3.2; version 0x20 as in Intel's
/// ICH datasheets, which adds the EOI register). It turns lines into messages to the local APICs. Pins have
/// no polarity here: a line is high when its device asserts it, whatever the guest programs.
class Ioapic : public IoHandler, public EndOfInterruptListener {
 public:
  explicit Ioapic(InterruptSink& sink) : sink_(sink) {}

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;
  void end_of_interrupt(std::uint8_t vector) override;

  void set_line(std::uint32_t pin, LineLevel level);

 private:
  struct Pin {
    std::uint64_t redirection = 1U << 16;  ///< as at reset: masked
    LineLevel level = LineLevel::low;
  };

  std::uint32_t read_register() const;
  void write_register(std::uint32_t value);
  void update_route(std::uint32_t index);
  void deliver(Pin& pin);
  void finish(std::uint8_t vector);

  InterruptSink& sink_;
  RateLimitedLog log_{"ioapic"};
  std::mutex mutex_;
  std::uint8_t selected_ = 0;
  std::uint32_t id_ = 0;
  std::array<Pin, layout::ioapic_pins> pins_;
};

/// One pin of an Ioapic, as the device at the other end of the wire sees it.
class IoapicLine : public InterruptLine {
 public:
  IoapicLine(Ioapic& ioapic, std::uint32_t pin) : ioapic_(ioapic), pin_(pin) {}
  void set(LineLevel level) override { ioapic_.set_line(pin_, level); }

 private:
  Ioapic& ioapic_;
  std::uint32_t pin_;
};

}  // namespace immure::vmm
