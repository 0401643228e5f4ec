#include <csignal>
#include <optional>

#include <fcntl.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "base/log.hpp"
#include "base/sealed_memfd.hpp"
#include "policy/fd_layout.hpp"
#include "policy/seccomp/compiled_filters.hpp"
#include "policy/seccomp/install.hpp"
#include "policy/vmm_record.hpp"
#include "vmm/control_channel.hpp"
#include "vmm/gate.hpp"
#include "vmm/machine.hpp"
#include "vmm/scheduling.hpp"
#include "vmm/serial_input.hpp"
#include "vmm/start_barrier.hpp"
#include "vmm/thread.hpp"

namespace immure::vmm {
namespace {

namespace fds = policy::vmm_fd;
using policy::VmmExit;
using policy::seccomp::Profile;

Result<void> protect_process() {
  // No core dump and no ptrace by others of the same uid: guest memory stays here.
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return system_error("PR_SET_DUMPABLE");
  // One heap for all threads: they allocate little, and each arena costs memory.
  ::mallopt(M_ARENA_MAX, 1);
  if (::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return system_error("ignore SIGPIPE");
  // A peer that does not read must not stop the guest.
  for (const int fd : {fds::log, fds::console, fds::control}) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
      return system_error("make file descriptor " + std::to_string(fd) + " non-blocking");
  }
  return {};
}

Result<void> stand_behind(Profile profile) {
  return policy::seccomp::install_filter(policy::seccomp::compiled_filter(profile));
}

/// Starts every thread but this one; yields how many there are then, this one included.
Result<std::uint32_t> start_threads(Machine& machine, const policy::VmmRecord& record,
                                    StartBarrier& barrier) {
  std::uint32_t started = 0;
  for (std::uint32_t i = 0; i < machine.vcpu_count(); ++i) {
    const auto name = "vcpu" + std::to_string(i);
    IMMURE_TRY(start_thread(name.c_str(), [&machine, &record, &barrier, i] {
      auto placed = take_place(record, i);
      barrier.arrive_and_wait(placed ? stand_behind(Profile::vmm_vcpu) : std::move(placed));
      machine.run_vcpu(i);
    }));
    ++started;
  }
  IMMURE_TRY(start_thread("io", [&machine, &barrier] {
    barrier.arrive(stand_behind(Profile::vmm_io));
    machine.run_io();
  }));
  ++started;
  IMMURE_TRY(barrier.wait_for(started));
  return started + 1;
}

/// The control thread's work from the moment that the guest runs until its end.
Result<Ending::Request> serve_until_end(Machine& machine, EventLoop& loop) {
  for (;;) {
    if (auto request = machine.ending().requested()) return *request;
    IMMURE_TRY(loop.run_once(std::chrono::milliseconds(-1)));
  }
}

Result<void> watch_serial(Machine& machine, const policy::VmmRecord& record,
                          std::optional<SerialInput>& input, EventLoop& loop) {
  auto* const serial = machine.serial();
  if (serial == nullptr) return {};
  IMMURE_TRY(loop.add(serial->flush_timer(), EPOLLIN, [serial](std::uint32_t) { serial->flush(); }));
  // Where there is a virtio console it has the keyboard; the serial port only speaks then.
  if (record.console == policy::Switch::on) return {};
  input.emplace(fds::console, *serial);
  IMMURE_TRY(loop.add(serial->room_event(), EPOLLIN, [&input](std::uint32_t) { input->serve(); }));
  return loop.add(fds::console, EPOLLIN | EPOLLET, [&input](std::uint32_t) { input->serve(); });
}

Result<void> watch(Machine& machine, EventLoop& loop, ControlChannel& control) {
  IMMURE_TRY(loop.add(machine.ending().event(), EPOLLIN, [](std::uint32_t) {}));
  if (auto* const watchdog = machine.watchdog(); watchdog != nullptr)
    IMMURE_TRY(loop.add(watchdog->timer(), EPOLLIN, [watchdog](std::uint32_t) { watchdog->tick(); }));
  return loop.add(fds::control, EPOLLIN, [&](std::uint32_t) {
    if (control.serve() == ControlChannel::State::closed) (void)loop.remove(fds::control);
  });
}

VmmExit fail(VmmExit status, const Error& error) {
  log_line(error.message);
  return status;
}

VmmExit run() {
  set_log_name("immure-vmm");
  if (auto done = protect_process(); !done) return fail(VmmExit::setup_failed, done.error());
  const auto record = read_sealed_record<policy::VmmRecord>(fds::record);
  if (!record) return fail(VmmExit::setup_failed, record.error());
  if (auto good = policy::check(*record); !good) return fail(VmmExit::setup_failed, good.error());

  auto built = Machine::build(*record);
  if (!built) return fail(VmmExit::setup_failed, built.error());
  // Never destroyed: its threads use it until the process ends.
  Machine& machine = *built->release();
  if (auto loaded = machine.load_images(*record); !loaded)
    return fail(VmmExit::image_refused, loaded.error());

  auto loop = EventLoop::create();
  if (!loop) return fail(VmmExit::setup_failed, loop.error());
  const auto change_limit = [&machine](std::string_view device, const policy::RateLimit& limit) {
    return machine.change_limit(device, limit);
  };
  ControlChannel control(fds::control, machine.power(), machine.balloon(), change_limit,
                         [&machine] { return machine.statistics(); });
  if (auto done = watch(machine, *loop, control); !done) return fail(VmmExit::setup_failed, done.error());
  std::optional<SerialInput> input;
  if (auto done = watch_serial(machine, *record, input, *loop); !done)
    return fail(VmmExit::setup_failed, done.error());

  static StartBarrier barrier;  // the threads outlive this function, too
  const auto threads = start_threads(machine, *record, barrier);
  if (!threads) return fail(VmmExit::setup_failed, threads.error());
  if (auto done = stand_behind(Profile::vmm_control); !done) return fail(VmmExit::setup_failed, done.error());
  if (auto passed = pass_gate(fds::gate, *threads); !passed)
    return fail(VmmExit::setup_failed, passed.error());
  control.tell(policy::ControlKind::started);
  barrier.open();

  const auto end = serve_until_end(machine, *loop);
  const auto status = end ? end->status : fail(VmmExit::guest_crashed, end.error());
  if (end) log_line(end->reason);
  control.tell(policy::ControlKind::ended, std::to_underlying(end ? end->cause : policy::EndCause::failure));
  if (auto done = machine.shut_down(); !done) log_line(done.error().message);
  return status;
}

}  // namespace
}  // namespace immure::vmm

int main() {
  // The other threads still run: end at once, without destructors or handlers of the C library.
  ::_exit(static_cast<int>(immure::vmm::run()));
}
