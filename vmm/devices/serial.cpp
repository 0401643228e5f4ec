#include "vmm/devices/serial.hpp"

#include <algorithm>

#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "vmm/counters.hpp"

namespace immure::vmm {
namespace {

// Register offsets; the meaning of 0 to 2 depends on direction and on the divisor latch bit.
constexpr std::uint64_t data_register = 0;
constexpr std::uint64_t interrupt_enable_register = 1;
constexpr std::uint64_t interrupt_identification_register = 2;  // FIFO control when written
constexpr std::uint64_t line_control_register = 3;
constexpr std::uint64_t modem_control_register = 4;
constexpr std::uint64_t line_status_register = 5;
constexpr std::uint64_t modem_status_register = 6;
constexpr std::uint64_t scratch_register = 7;

constexpr std::uint8_t enable_received = 0x01;
constexpr std::uint8_t enable_transmitted = 0x02;
constexpr std::uint8_t nothing_pending = 0x01;
constexpr std::uint8_t received_pending = 0x04;
constexpr std::uint8_t transmitted_pending = 0x02;
constexpr std::uint8_t fifos_enabled = 0xc0;
constexpr std::uint8_t fifo_enable = 0x01;
constexpr std::uint8_t fifo_clear_input = 0x02;
constexpr std::uint8_t divisor_latch = 0x80;
constexpr std::uint8_t modem_loopback = 0x10;
constexpr std::uint8_t status_data_ready = 0x01;
constexpr std::uint8_t status_overrun = 0x02;
constexpr std::uint8_t status_transmitter_empty = 0x60;
constexpr std::uint8_t modem_connected = 0xb0;  // carrier, data set ready, clear to send

}  // namespace

Result<std::unique_ptr<Serial>> Serial::create(InterruptLine& line, ConsoleOutput& output) {
  UniqueFd flush_timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!flush_timer) return system_error("timerfd_create");
  UniqueFd room_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!room_event) return system_error("eventfd");
  return std::unique_ptr<Serial>(new Serial(line, output, std::move(flush_timer), std::move(room_event)));
}

Serial::Serial(InterruptLine& line, ConsoleOutput& output, UniqueFd flush_timer, UniqueFd room_event)
    : line_(line),
      output_(output),
      flush_timer_(std::move(flush_timer)),
      room_event_(std::move(room_event)) {}

void Serial::read(std::uint64_t offset, std::span<std::byte> data) {
  std::ranges::fill(data, std::byte{0xff});
  const std::scoped_lock lock(mutex_);
  if (data.size() == 1) data[0] = std::byte{read_register(offset)};
}

void Serial::write(std::uint64_t offset, std::span<const std::byte> data) {
  const std::scoped_lock lock(mutex_);
  if (data.size() == 1) write_register(offset, std::to_integer<std::uint8_t>(data[0]));
}

std::uint8_t Serial::read_register(std::uint64_t offset) {
  const bool latch = (line_control_ & divisor_latch) != 0;
  switch (offset) {
    case data_register: {
      if (latch) return divisor_low_;
      if (input_count_ == 0) return 0;
      const auto value = std::to_integer<std::uint8_t>(input_[input_first_]);
      input_first_ = (input_first_ + 1) % input_capacity;
      if (--input_count_ == 0 && std::exchange(was_full_, false)) (void)::eventfd_write(room_event_.get(), 1);
      update_interrupt();
      return value;
    }
    case interrupt_enable_register:
      return latch ? divisor_high_ : interrupt_enable_;
    case interrupt_identification_register: {
      const auto pending = interrupt_identification();
      // Reading it is what ends this interrupt.
      if (pending == transmitted_pending) transmit_interrupt_ = false;
      update_interrupt();
      return pending | ((fifo_control_ & fifo_enable) != 0 ? fifos_enabled : std::uint8_t{0});
    }
    case line_control_register:
      return line_control_;
    case modem_control_register:
      return modem_control_;
    case line_status_register: {
      std::uint8_t status = status_transmitter_empty;
      if (input_count_ != 0) status |= status_data_ready;
      if (std::exchange(overrun_, false)) status |= status_overrun;
      return status;
    }
    case modem_status_register: {
      if ((modem_control_ & modem_loopback) == 0) return modem_connected;
      // Loopback wires the four outputs to the four inputs: RTS-CTS, DTR-DSR, OUT1-RI, OUT2-DCD.
      const unsigned out = modem_control_;
      return static_cast<std::uint8_t>(((out & 2) << 3) | ((out & 1) << 5) | ((out & 0xc) << 4));
    }
    case scratch_register:
      return scratch_;
    default:
      return 0xff;
  }
}

void Serial::write_register(std::uint64_t offset, std::uint8_t value) {
  const bool latch = (line_control_ & divisor_latch) != 0;
  switch (offset) {
    case data_register:
      if (latch) {
        divisor_low_ = value;
      } else {
        transmit(value);
      }
      return;
    case interrupt_enable_register:
      if (latch) {
        divisor_high_ = value;
        return;
      }
      // Enabling the transmitter's interrupt while it is empty raises it at once.
      if ((value & enable_transmitted) != 0 && (interrupt_enable_ & enable_transmitted) == 0)
        transmit_interrupt_ = true;
      interrupt_enable_ = value & 0x0f;
      update_interrupt();
      return;
    case interrupt_identification_register:
      fifo_control_ = value & 0xc9;
      if ((value & fifo_clear_input) != 0) {
        input_count_ = 0;
        if (std::exchange(was_full_, false)) (void)::eventfd_write(room_event_.get(), 1);
      }
      update_interrupt();
      return;
    case line_control_register:
      line_control_ = value;
      return;
    case modem_control_register:
      modem_control_ = value & 0x1f;
      update_interrupt();
      return;
    case scratch_register:
      scratch_ = value;
      return;
    default:
      return;
  }
}

void Serial::transmit(std::uint8_t value) {
  const auto byte = std::byte{value};
  if ((modem_control_ & modem_loopback) != 0) {
    push_input(byte);
  } else {
    if (pending_count_ == 0) arm_flush_timer();
    pending_[pending_count_++] = byte;
    if (value == '\n' || pending_count_ == pending_.size()) flush_locked();
  }
  transmit_interrupt_ = true;  // sent already
  update_interrupt();
}

void Serial::push_input(std::byte value) {
  if (input_count_ == input_capacity) {
    overrun_ = true;
    return;
  }
  input_[(input_first_ + input_count_) % input_capacity] = value;
  ++input_count_;
}

std::size_t Serial::input_space() {
  const std::scoped_lock lock(mutex_);
  if (input_count_ == input_capacity) was_full_ = true;
  return input_capacity - input_count_;
}

void Serial::receive(std::span<const std::byte> bytes) {
  const std::scoped_lock lock(mutex_);
  for (const auto value : bytes) push_input(value);
  add(received_, bytes.size());
  update_interrupt();
}

void Serial::report(policy::StatisticsMessage& statistics) const {
  statistics.machine.console_output_bytes += output_.sent();
  statistics.machine.console_dropped_bytes += output_.dropped();
  statistics.machine.console_input_bytes += vmm::read(received_);
}

void Serial::clear_room_event() {
  eventfd_t count = 0;
  (void)::eventfd_read(room_event_.get(), &count);
}

void Serial::flush() {
  const std::scoped_lock lock(mutex_);
  // A timer that has fired stays readable until it is set again.
  const itimerspec never{};
  (void)::timerfd_settime(flush_timer_.get(), 0, &never, nullptr);
  flush_locked();
}

void Serial::flush_locked() { output_.send(std::span(pending_).first(std::exchange(pending_count_, 0))); }

void Serial::arm_flush_timer() {
  const itimerspec delay{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = flush_delay_ns}};
  (void)::timerfd_settime(flush_timer_.get(), 0, &delay, nullptr);
}

std::uint8_t Serial::interrupt_identification() const {
  if ((interrupt_enable_ & enable_received) != 0 && input_count_ != 0) return received_pending;
  if ((interrupt_enable_ & enable_transmitted) != 0 && transmit_interrupt_) return transmitted_pending;
  return nothing_pending;
}

void Serial::update_interrupt() {
  line_.set(interrupt_identification() == nothing_pending ? LineLevel::low : LineLevel::high);
}

}  // namespace immure::vmm
