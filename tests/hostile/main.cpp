#include <csignal>

#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/sealed_memfd.hpp"
#include "policy/fd_layout.hpp"
#include "policy/vmm_record.hpp"
#include "tests/hostile/catalogue.hpp"
#include "tests/hostile/children.hpp"
#include "tests/hostile/console.hpp"
#include "tests/hostile/crew.hpp"
#include "tests/hostile/emulator.hpp"
#include "tests/hostile/orders.hpp"
#include "tests/hostile/own_machine.hpp"
#include "tests/hostile/stand_ins.hpp"
#include "vmm/gate.hpp"

// A VMM that somebody has taken over: it is started in the place of immure-vmm, passes the gate as that does,
// and then does what it is told on its console, a line "ATTEMPT KEY=VALUE...".
//
//   as a guest's VMM        behind the VMM's filters, one attempt, then it ends
//   the same, and the guest's command line says "unfiltered": no filter of its own; any number of attempts
//   --unwalled DISK DISK    no gate and no wall, and descriptors of its own making: any number of attempts
//   as libvirt's emulator   see emulator.hpp
//   --list                  prints what it can try, a line of words with tabs between for each

namespace immure::hostile {
namespace {

namespace fds = policy::vmm_fd;

void list() {
  std::string text;
  for (const auto& family : catalogue()) {
    for (const auto& attempt : family.attempts) {
      const auto* const unwalled = attempt.unwalled == Unwalled::tried ? "tried" : "left_out";
      text += std::string(attempt.name) + "\t" + family.name + "\t" + attempt.what + "\t" + attempt.behind +
              "\t" + unwalled + "\n";
    }
  }
  static_cast<void>(write_all(STDOUT_FILENO, std::as_bytes(std::span(text))));
}

Result<void> run_unwalled(const char* disk, const char* shared_disk) {
  IMMURE_TRY(make_stand_ins(disk, shared_disk));
  Targets targets;
  IMMURE_TRY(make_own_machine(targets));
  say({"ready"});
  obey(targets, {.aftermath = Aftermath::kept_from_host, .filters = {}});
  return {};
}

Result<void> run_as_vmm() {
  Targets targets;
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return system_error("PR_SET_DUMPABLE");
  const auto record = IMMURE_TRY(read_sealed_record<policy::VmmRecord>(fds::record));
  IMMURE_TRY(make_own_machine(targets));
  if (record.command_line.view() == "unfiltered") {
    // Under the real launcher's filter, to ask is to be killed.
    if (::prctl(PR_GET_SECCOMP) != 0) return invalid("there is a filter");
    IMMURE_TRY(vmm::pass_gate(fds::gate, 1));
    say({"ready"});
    obey(targets, {});
    return {};
  }
  static Crew crew;  // its threads outlive this function
  const auto threads = IMMURE_TRY(crew.muster());
  IMMURE_TRY(vmm::pass_gate(fds::gate, threads));
  say({"ready"});
  if (const auto* const attempt = next_attempt(targets)) crew.make(*attempt, targets);
  return {};
}

}  // namespace
}  // namespace immure::hostile

int main(int argc, char** argv) {
  using namespace immure;
  const std::string_view how = argc >= 2 ? argv[1] : "";
  if (how == "--list") {
    hostile::list();
    return 0;
  }
  set_log_name("hostile-vmm");
  if (hostile::is_emulator(argv[0])) hostile::run_as_emulator(argv);
  ::signal(SIGPIPE, SIG_IGN);
  const auto done =
      how == "--unwalled" && argc == 4 ? hostile::run_unwalled(argv[2], argv[3]) : hostile::run_as_vmm();
  if (!done) log_line(done.error().message);
  ::_exit(done ? 0 : static_cast<int>(policy::VmmExit::setup_failed));
}
