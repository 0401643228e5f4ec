#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "policy/statistics_message.hpp"
#include "vmm/devices/console_output.hpp"
#include "vmm/devices/interrupt_line.hpp"
#include "vmm/devices/io_handler.hpp"

namespace immure::vmm {

/// A 16550A (National Semiconductor PC16550D datasheet) at COM1. Output goes out a line at a time, or after
/// flush_delay; input waits in a FIFO of 64 bytes.
class Serial : public IoHandler {
 public:
  static constexpr std::size_t input_capacity = 64;
  static constexpr std::size_t output_capacity = 256;
  static constexpr std::int64_t flush_delay_ns = 5'000'000;

  /// `line` and `output` outlive the port.
  static Result<std::unique_ptr<Serial>> create(InterruptLine& line, ConsoleOutput& output);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  /// How many bytes receive() would take now.
  [[nodiscard]] std::size_t input_space();
  /// Bytes for the guest, at most input_space() of them; the rest is lost, as on a real line.
  void receive(std::span<const std::byte> bytes);
  /// Adds what it sent, received and lost. From any thread.
  void report(policy::StatisticsMessage& statistics) const;
  /// Readable when input that did not fit may be tried again; clear_room_event() before trying.
  [[nodiscard]] int room_event() const { return room_event_.get(); }
  void clear_room_event();

  /// Sends what waits; harmless at any time.
  void flush();
  /// Readable when flush() is due, which also ends that.
  [[nodiscard]] int flush_timer() const { return flush_timer_.get(); }

 private:
  Serial(InterruptLine& line, ConsoleOutput& output, UniqueFd flush_timer, UniqueFd room_event);
  std::uint8_t read_register(std::uint64_t offset);
  void write_register(std::uint64_t offset, std::uint8_t value);
  void transmit(std::uint8_t value);
  void push_input(std::byte value);
  void flush_locked();
  void arm_flush_timer();
  [[nodiscard]] std::uint8_t interrupt_identification() const;
  void update_interrupt();

  InterruptLine& line_;
  ConsoleOutput& output_;
  UniqueFd flush_timer_;
  UniqueFd room_event_;
  std::mutex mutex_;
  std::array<std::byte, input_capacity> input_{};
  std::size_t input_first_ = 0;
  std::size_t input_count_ = 0;
  std::uint64_t received_ = 0;
  std::array<std::byte, output_capacity> pending_{};
  std::size_t pending_count_ = 0;
  bool transmit_interrupt_ = false;  ///< the transmitter ran empty and nobody was told yet
  bool overrun_ = false;
  bool was_full_ = false;  ///< somebody waits for room
  std::uint8_t interrupt_enable_ = 0;
  std::uint8_t fifo_control_ = 0;
  std::uint8_t line_control_ = 0;
  std::uint8_t modem_control_ = 0;
  std::uint8_t scratch_ = 0;
  std::uint8_t divisor_low_ = 12;  ///< 9600 baud, for show
  std::uint8_t divisor_high_ = 0;
};

}  // namespace immure::vmm
