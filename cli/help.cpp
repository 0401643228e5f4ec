#include "cli/help.hpp"

#include <algorithm>
#include <array>

namespace immure::cli {
namespace {

constexpr std::array commands{
    CommandHelp{
        "run", "start a guest and stay at its console",
        "The guest starts only after the kernel confirmed its confinement. Ctrl-] leaves the console and\n"
        "the guest goes on. A first SIGTERM, SIGHUP or SIGINT presses the power button; a second one, or\n"
        "10 s, kills the guest. The exit code says how the guest ended.\n\n"
        "  immure run web.toml               at its console\n"
        "  immure run -d web.toml            in the background\n"
        "  immure run --dry-run web.toml     only say what would be done"},
    CommandHelp{"ps", "list the guests",
                "States: starting, running, paused, ending, abandoned (the keeper died; gc undoes it).\n\n"
                "  immure ps --json | jq -r '.[].name'"},
    CommandHelp{"inspect", "show how a guest is confined, as the kernel reports it",
                "All of it is read from /proc at this moment, not from what was asked for. Needs root.\n\n"
                "  immure inspect web\n"
                "  immure inspect web --json | jq .capabilities"},
    CommandHelp{"console", "attach to a guest's console",
                "Ctrl-] leaves it. The last 64 KiB of output come first."},
    CommandHelp{"stop", "press a guest's power button, and kill it if it does not go off",
                "Exit code 0: it switched itself off. 12: it was killed.\n\n"
                "  immure stop web --timeout 60"},
    CommandHelp{"kill", "end a guest at once", "Everything that the launch did is undone. Needs root."},
    CommandHelp{"pause", "stop a guest where it is",
                "Its VMM gets no CPU time until it is resumed or killed. Needs root.\n\n"
                "  immure pause web; immure resume web"},
    CommandHelp{"resume", "let a paused guest go on", "Needs root."},
    CommandHelp{
        "reset", "press a guest's reset button",
        "The guest is not asked and what it has not flushed is lost: it starts anew, from the same files.\n"
        "A paused guest does not hear it."},
    CommandHelp{"balloon", "take memory back from a guest, or give it again",
                "SIZE is what the guest keeps. It is asked, not forced, and gives what it can spare.\n\n"
                "  immure balloon web \"512 MiB\""},
    CommandHelp{"limit", "limit how much a device of a guest moves, from now on",
                "Without options its limit is taken away. After a reboot the specification's holds again.\n\n"
                "  immure limit web disk:root --bytes-per-second \"10 MiB\" --operations-per-second 500"},
    CommandHelp{
        "top", "show what each guest uses, again and again",
        "CPU% is of one CPU. MEMORY is all that the host charges to the guest, BESIDE what its VMM has\n"
        "beside the guest's memory. Without a terminal, and with --json, one table. Needs root.\n\n"
        "  immure top --once\n"
        "  immure top --json -n 60 -d 1"},
    CommandHelp{"analyze", "show what a guest's start took its time for",
                "The launcher's steps, from the launch log; and of a guest that runs, when its drivers took "
                "its devices\n"
                "over, as its VMM says. Needs root.\n\n"
                "  immure analyze web\n"
                "  immure analyze web --svg web.svg"},
    CommandHelp{"metrics", "print metrics of guests for Prometheus",
                "Of one guest, or of all; for node_exporter's textfile collector. Needs root.\n\n"
                "  immure metrics > /run/metrics/immure.prom"},
    CommandHelp{
        "gc", "undo what is left of guests whose keeper is gone",
        "Every launch does it first; this does only that. Prints the names of what was undone. Needs root."},
    CommandHelp{"logs", "show the log lines of a guest's VMM",
                "Errors of devices and what the guest's drivers did wrong, the last 64 KiB.\n\n"
                "  immure logs --follow web"},
    CommandHelp{
        "audit", "show and check the log of every launch",
        "Each line names the digest of the line before it, so that a changed or removed one is found.\n"
        "Keep the head elsewhere, too: the host's audit log has it (ausearch -m VIRT_CONTROL). Needs "
        "root.\n\n"
        "  immure audit show web             what was started, what the kernel confirmed, how it ended\n"
        "  immure audit verify               exit code 14: it was changed"},
    CommandHelp{"events", "print what happened to guests, or what happens",
                "From the launch log: started, restarted, ended, failed, refused, abandoned. Needs root.\n\n"
                "  immure events --follow --json | jq -r .name"},
    CommandHelp{"wait", "wait until a guest is gone",
                "The exit code is how it ended, as that of immure run. Needs root.\n\n"
                "  immure run -d job.toml && immure wait job"},
    CommandHelp{"validate", "check a guest specification",
                "Every mistake is told as FILE:LINE:COLUMN. Exit code 3 if any."},
    CommandHelp{
        "policy", "ask what the host policy allows",
        "Each rule of /etc/immure/host.toml with what was asked and what is allowed. Exit code 4 if one\n"
        "forbids it.\n\n"
        "  immure policy check web.toml --as alice"},
    CommandHelp{
        "doctor", "check whether this host can wall guests in",
        "Each check says what was found, why it matters and how to mend it. Exit code 5 if any fails;\n"
        "with --strict also if any warns."},
};

}  // namespace

const char* const program_summary =
    "immure walls virtual machines in: each guest's VMM runs as nobody, in nothing.";

const char* const program_details =
    "First steps:\n"
    "  immure doctor                     can this host do it?\n"
    "  immure validate web.toml          is the specification right?\n"
    "  immure run web.toml               start it; Ctrl-] leaves its console\n"
    "  immure inspect web                what the kernel says of its confinement\n"
    "  immure stop web                   power button, and after 30 s the axe\n\n"
    "Exit codes:\n"
    "  0 done, the guest powered off   1 failure                  2 wrong command line\n"
    "  3 bad specification             4 not admitted by host     5 unsafe host\n"
    "  6 image refused                 7 name in use              8 no such guest\n"
    "  9 confinement failed           10 guest crashed           11 VMM died\n"
    " 12 killed                       13 not permitted           14 bad signature\n"
    " 15 policy refused              16 bad event log\n\n"
    "immure(1) tells more; immure COMMAND --help shows each command's options.";

std::span<const CommandHelp> all_command_help() { return commands; }

const CommandHelp& help_of(std::string_view name) {
  const auto found =
      std::ranges::find(commands, name, [](const CommandHelp& help) { return std::string_view(help.name); });
  return found == commands.end() ? commands.front() : *found;
}

}  // namespace immure::cli
