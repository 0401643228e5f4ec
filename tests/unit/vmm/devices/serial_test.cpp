#include "vmm/devices/serial.hpp"

#include <array>
#include <csignal>
#include <optional>
#include <string>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/unit/vmm/devices/line_recorder.hpp"

using namespace immure;
using namespace immure::vmm;

namespace {

struct Fixture {
  Fixture() {
    std::array<int, 2> pair{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) == 0);
    ours.reset(pair[0]);
    theirs.reset(pair[1]);
    output.emplace(ours.get());
    serial = Serial::create(line, *output).value();
  }
  void write(std::uint64_t offset, unsigned value) {
    serial->write(offset, std::array{static_cast<std::byte>(value)});
  }
  unsigned read(std::uint64_t offset) {
    std::array<std::byte, 1> data{};
    serial->read(offset, data);
    return std::to_integer<unsigned>(data[0]);
  }
  void print(std::string_view text) {
    for (const char c : text) write(0, static_cast<unsigned char>(c));
  }
  std::string received() {
    std::string text(4096, '\0');
    const auto size = ::read(theirs.get(), text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }
  void type(std::string_view text) { serial->receive(std::as_bytes(std::span(text))); }

  UniqueFd ours;
  UniqueFd theirs;
  test::LineRecorder line;
  std::optional<ConsoleOutput> output;
  std::unique_ptr<Serial> serial;
};

bool is_readable(int fd) {
  pollfd poll{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&poll, 1, 100) == 1;
}

}  // namespace

TEST_CASE("serial: a line goes out with its newline", "[devices]") {
  Fixture f;
  f.print("hello");
  CHECK(f.received().empty());
  f.print("\n");
  CHECK(f.received() == "hello\n");
}

TEST_CASE("serial: a prompt goes out when the timer fires", "[devices]") {
  Fixture f;
  f.print("login: ");
  REQUIRE(is_readable(f.serial->flush_timer()));
  f.serial->flush();
  CHECK(f.received() == "login: ");
  CHECK_FALSE(is_readable(f.serial->flush_timer()));
}

TEST_CASE("serial: what it sent and received is counted, and what it lost", "[devices]") {
  Fixture f;
  f.print("login: ");
  f.serial->flush();
  f.serial->receive(std::as_bytes(std::span("root", 4)));
  policy::StatisticsMessage counted;
  f.serial->report(counted);
  CHECK(counted.machine.console_output_bytes == 7);
  CHECK(counted.machine.console_input_bytes == 4);
  CHECK(counted.machine.console_dropped_bytes == 0);
  ::signal(SIGPIPE, SIG_IGN);
  f.theirs.reset();
  f.print("anybody there?\n");
  f.serial->report(counted = {});
  CHECK(counted.machine.console_output_bytes == 7);
  CHECK(counted.machine.console_dropped_bytes == 15);
}

TEST_CASE("serial: a peer that does not read costs output, not the guest's time or our memory", "[devices]") {
  Fixture f;
  for (int i = 0; i < 1'000'000; ++i) f.write(0, '\n');
  CHECK(f.output->dropped() > 0);
  CHECK((f.read(5) & 0x60) == 0x60);
}

TEST_CASE("serial: a peer that is gone costs nothing but the output", "[devices]") {
  Fixture f;
  ::signal(SIGPIPE, SIG_IGN);
  f.theirs.reset();
  f.print("anybody there?\n");
  CHECK(f.output->dropped() > 0);
}

TEST_CASE("serial: input waits in a bounded FIFO, in order", "[devices]") {
  Fixture f;
  f.type(std::string(Serial::input_capacity, 'a') + "overrun");
  CHECK(f.serial->input_space() == 0);
  CHECK((f.read(5) & 0x03) == 0x03);
  for (std::size_t i = 0; i < Serial::input_capacity; ++i) CHECK(f.read(0) == 'a');
  CHECK((f.read(5) & 0x03) == 0);
  CHECK(f.read(0) == 0);
}

TEST_CASE("serial: who found the FIFO full is told once there is room", "[devices]") {
  Fixture f;
  f.type(std::string(Serial::input_capacity, 'a'));
  CHECK(f.serial->input_space() == 0);
  CHECK_FALSE(is_readable(f.serial->room_event()));
  SECTION("because the guest read") {
    for (std::size_t i = 0; i < Serial::input_capacity; ++i) f.read(0);
  }
  SECTION("because the guest cleared it") { f.write(2, 0x07); }
  CHECK(is_readable(f.serial->room_event()));
  f.serial->clear_room_event();
  CHECK_FALSE(is_readable(f.serial->room_event()));
}

TEST_CASE("serial: input raises the interrupt line where the guest asked for it", "[devices]") {
  Fixture f;
  f.type("x");
  CHECK(f.line.level == LineLevel::low);
  f.write(1, 0x01);
  CHECK(f.line.level == LineLevel::high);
  CHECK((f.read(2) & 0x0f) == 0x04);
  f.read(0);
  CHECK(f.line.level == LineLevel::low);
  CHECK((f.read(2) & 0x0f) == 0x01);
}

TEST_CASE("serial: an empty transmitter interrupts once for each time it ran empty", "[devices]") {
  Fixture f;
  f.write(1, 0x02);
  CHECK(f.line.rises == 1);
  CHECK((f.read(2) & 0x0f) == 0x02);
  CHECK(f.line.level == LineLevel::low);
  f.write(0, 'x');
  CHECK(f.line.rises == 2);
}

TEST_CASE("serial: loopback stays inside", "[devices]") {
  Fixture f;
  f.write(4, 0x10 | 0x0b);
  CHECK((f.read(6) & 0xf0) == 0xb0);
  f.print("x\n");
  CHECK(f.received().empty());
  CHECK(f.read(0) == 'x');
}

TEST_CASE("serial: the FIFO shows only once it is enabled, as drivers probe it", "[devices]") {
  Fixture f;
  CHECK((f.read(2) & 0xc0) == 0);
  f.write(2, 0x01);
  CHECK((f.read(2) & 0xc0) == 0xc0);
}

TEST_CASE("serial: the divisor latch hides data and interrupt enable", "[devices]") {
  Fixture f;
  f.write(3, 0x80);
  f.write(0, 0x01);
  f.write(1, 0x00);
  CHECK(f.read(0) == 0x01);
  f.write(3, 0x03);
  f.serial->flush();
  CHECK(f.received().empty());
}

TEST_CASE("serial: wide accesses read ones and write nothing", "[devices]") {
  Fixture f;
  std::array<std::byte, 4> wide{};
  f.serial->read(0, wide);
  CHECK(wide[0] == std::byte{0xff});
  f.serial->write(0, wide);
  f.serial->flush();
  CHECK(f.received().empty());
}
