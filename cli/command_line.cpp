#include "cli/command_line.hpp"

#include <functional>

#include <CLI/CLI.hpp>

#include "cli/attest/attest_program.hpp"
#include "cli/commands/commands.hpp"
#include "cli/help.hpp"
#include "policy/attest_verbs.hpp"
#include "policy/launch_entry.hpp"

namespace immure::cli {
namespace {

using Action = std::function<Expected<ExitCode>()>;

/// What the options are parsed into, and what is to be done with it.
struct Parsed {
  RunOptions run;
  bool detach = false;
  bool dry_run = false;
  bool json = false;
  bool strict = false;
  bool follow = false;
  std::string name;
  std::string spec;
  std::string size;
  std::string picture;
  LimitOptions limit;
  std::string witness;
  std::string log_file = policy::launch_log_path;
  std::string user;
  TopOptions top;
  double delay = 2;
  bool once = false;
  std::uint32_t requester_uid = 0;
  unsigned timeout = 30;
  Action action;

  [[nodiscard]] OutputFormat format() const { return json ? OutputFormat::json : OutputFormat::text; }
  [[nodiscard]] AuditOptions audit() const {
    return {.file = log_file, .name = name, .witness = witness, .format = format()};
  }
};

CLI::App* add_command(CLI::App& app, const CommandHelp& help, Parsed& parsed, const Action& action) {
  auto* command = app.add_subcommand(help.name, help.summary);
  command->footer(help.details);
  command->callback([&parsed, action] { parsed.action = action; });
  return command;
}

void add_json(CLI::App* command, Parsed& parsed, const char* text) {
  command->add_flag("--json", parsed.json, text);
}

void add_name(CLI::App* command, Parsed& parsed) {
  command->add_option("NAME", parsed.name, "the guest's name")->required();
}

void add_run(CLI::App& app, Parsed& parsed) {
  auto* command = add_command(app, help_of("run"), parsed, [&parsed] {
    using Mode = RunOptions::Mode;
    return run_command({.spec = parsed.spec,
                        .mode = parsed.dry_run  ? Mode::dry_run
                                : parsed.detach ? Mode::detached
                                                : Mode::foreground,
                        .format = parsed.format()});
  });
  command->add_option("SPEC", parsed.spec, "the guest specification, see immure-guest.toml(5)")->required();
  auto* detach = command->add_flag("-d,--detach", parsed.detach, "return once the guest runs");
  command->add_flag("--dry-run", parsed.dry_run, "print the steps of the launch and do none; needs no root")
      ->excludes(detach);
  add_json(command, parsed, "print one JSON object with the outcome; no console");
}

void add_queries(CLI::App& app, Parsed& parsed) {
  auto* ps = add_command(app, help_of("ps"), parsed, [&parsed] { return ps_command(parsed.format()); });
  add_json(ps, parsed, "print a JSON array");

  auto* inspect = add_command(app, help_of("inspect"), parsed,
                              [&parsed] { return inspect_command(parsed.name, parsed.format()); });
  add_name(inspect, parsed);
  add_json(inspect, parsed, "print a JSON object");

  auto* logs = add_command(app, help_of("logs"), parsed, [&parsed] {
    return logs_command(parsed.name, parsed.follow ? LogsUntil::guest_ends : LogsUntil::now);
  });
  add_name(logs, parsed);
  logs->add_flag("-f,--follow", parsed.follow, "go on until the guest ends");

  auto* validate = add_command(app, help_of("validate"), parsed,
                               [&parsed] { return validate_command(parsed.spec, parsed.format()); });
  validate->add_option("SPEC", parsed.spec, "the guest specification")->required();
  add_json(validate, parsed, "print a JSON object");

  auto* doctor = add_command(app, help_of("doctor"), parsed, [&parsed] {
    return doctor_command(parsed.format(), parsed.strict ? Verdict::ok : Verdict::warn);
  });
  add_json(doctor, parsed, "print a JSON object");
  doctor->add_flag("--strict", parsed.strict, "a warning fails, too");
}

void add_log_file(CLI::App* command, Parsed& parsed) {
  command->add_option("--file", parsed.log_file, "another launch log than the host's")->capture_default_str();
}

void add_audit(CLI::App& app, Parsed& parsed) {
  auto* audit = app.add_subcommand("audit", help_of("audit").summary)->require_subcommand(1);
  audit->footer(help_of("audit").details);
  auto* show = audit->add_subcommand("show", "show what was launched, and how it ended");
  show->callback([&parsed] { parsed.action = [&parsed] { return audit_show_command(parsed.audit()); }; });
  show->add_option("NAME", parsed.name, "of this guest only, and in detail");
  add_log_file(show, parsed);
  add_json(show, parsed, "print a JSON array of the entries");
  auto* verify = audit->add_subcommand("verify", "check that no line was changed or removed");
  verify->callback([&parsed] { parsed.action = [&parsed] { return audit_verify_command(parsed.audit()); }; });
  verify->add_option("--head", parsed.witness,
                     "the digest of a line that must be there, as it was kept elsewhere");
  add_log_file(verify, parsed);
  add_json(verify, parsed, "print a JSON object");
}

void add_records(CLI::App& app, Parsed& parsed) {
  add_audit(app, parsed);
  auto* events = add_command(app, help_of("events"), parsed, [&parsed] {
    return events_command(parsed.follow ? EventsFrom::now : EventsFrom::past, parsed.format());
  });
  events->add_flag("-f,--follow", parsed.follow, "what happens from now on, until it is ended");
  add_json(events, parsed, "print a JSON object on each line");
  auto* wait = add_command(app, help_of("wait"), parsed, [&parsed] { return wait_command(parsed.name); });
  add_name(wait, parsed);
}

void add_limit(CLI::App& app, Parsed& parsed) {
  auto& limit = parsed.limit;
  auto* command = add_command(app, help_of("limit"), parsed, [&limit] { return limit_command(limit); });
  command->add_option("NAME", limit.name, "the guest's name")->required();
  command->add_option("DEVICE", limit.device, "disk:ID, net:ID, console or rng")->required();
  command->add_option("--bytes-per-second", limit.bytes_per_second, "like \"10 MiB\"");
  command->add_option("--bytes-burst", limit.bytes_burst, "what may come at once; by default a second's");
  command->add_option("--operations-per-second", limit.operations_per_second, "requests, or frames");
  command->add_option("--operations-burst", limit.operations_burst, "what may come at once");
}

void add_usage(CLI::App& app, Parsed& parsed) {
  auto* top = add_command(app, help_of("top"), parsed, [&parsed] {
    parsed.top.format = parsed.format();
    parsed.top.delay = std::chrono::milliseconds(static_cast<long>(parsed.delay * 1000));
    if (parsed.once) parsed.top.count = 1;
    return top_command(parsed.top);
  });
  auto* once = top->add_flag("--once", parsed.once, "one table");
  top->add_option("-n,--count", parsed.top.count, "so many tables")
      ->check(CLI::Range(1U, 1U << 30))
      ->excludes(once);
  top->add_option("-d,--delay", parsed.delay, "seconds from one to the next, and before the first")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 3600.0));
  add_json(top, parsed, "print a JSON array on each line");
  auto* metrics =
      add_command(app, help_of("metrics"), parsed, [&parsed] { return metrics_command(parsed.name); });
  metrics->add_option("NAME", parsed.name, "the guest's name; without one, all guests");
  auto* analyze = add_command(app, help_of("analyze"), parsed, [&parsed] {
    return analyze_command({.name = parsed.name, .picture = parsed.picture, .format = parsed.format()});
  });
  add_name(analyze, parsed);
  analyze->add_option("--svg", parsed.picture, "draw it into this file; - is standard output");
  add_json(analyze, parsed, "print JSON");
}

void add_controls(CLI::App& app, Parsed& parsed) {
  auto* console =
      add_command(app, help_of("console"), parsed, [&parsed] { return console_command(parsed.name); });
  add_name(console, parsed);

  auto* stop = add_command(app, help_of("stop"), parsed, [&parsed] {
    return stop_command(parsed.name, std::chrono::seconds(parsed.timeout));
  });
  add_name(stop, parsed);
  stop->add_option("--timeout", parsed.timeout, "seconds until it is killed")
      ->capture_default_str()
      ->check(CLI::Range(0U, 86400U));

  auto* kill = add_command(app, help_of("kill"), parsed, [&parsed] { return kill_command(parsed.name); });
  add_name(kill, parsed);

  auto* pause = add_command(app, help_of("pause"), parsed, [&parsed] { return pause_command(parsed.name); });
  add_name(pause, parsed);
  auto* resume =
      add_command(app, help_of("resume"), parsed, [&parsed] { return resume_command(parsed.name); });
  add_name(resume, parsed);

  auto* reset = add_command(app, help_of("reset"), parsed, [&parsed] { return reset_command(parsed.name); });
  add_name(reset, parsed);

  auto* balloon = add_command(app, help_of("balloon"), parsed,
                              [&parsed] { return balloon_command(parsed.name, parsed.size); });
  add_name(balloon, parsed);
  balloon->add_option("SIZE", parsed.size, "the memory that the guest keeps, like \"512 MiB\"")->required();

  add_limit(app, parsed);
  add_command(app, help_of("gc"), parsed, [] { return gc_command(); });
}

void add_policy(CLI::App& app, Parsed& parsed) {
  auto* policy = app.add_subcommand("policy", help_of("policy").summary)->require_subcommand(1);
  policy->footer(help_of("policy").details);
  auto* check = policy->add_subcommand("check", "say what each rule of the host policy says of a guest");
  check->callback([&parsed] {
    parsed.action = [&parsed] {
      return policy_check_command({.spec = parsed.spec, .user = parsed.user, .format = parsed.format()});
    };
  });
  check->add_option("SPEC", parsed.spec, "the guest specification")->required();
  check->add_option("--as", parsed.user, "as if this user asked");
  add_json(check, parsed, "print a JSON object");
}

/// For the launcher, which parses no text; not shown in the help.
void add_internal(CLI::App& app, Parsed& parsed) {
  auto* internal = app.add_subcommand("internal", "")->group("");
  internal->require_subcommand(1);
  auto* compile = internal->add_subcommand("compile-host-policy", "");
  compile->add_option("UID", parsed.requester_uid)->required();
  compile->callback(
      [&parsed] { parsed.action = [&parsed] { return compile_host_policy_command(parsed.requester_uid); }; });
  internal->add_subcommand("append-launch-entry", "")->callback([&parsed] {
    parsed.action = append_launch_entry_command;
  });
}

/// For the list in the help: immure-attest has their options and is asked before these are.
void add_attest_verbs(CLI::App& app) {
  for (const auto& verb : policy::attest_verbs) app.add_subcommand(verb.name, verb.summary);
}

int exit_status_of(const Expected<ExitCode>& outcome) {
  if (outcome) return static_cast<int>(*outcome);
  report(outcome.error());
  return static_cast<int>(outcome.error().code);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  if (argc > 1 && is_attest_verb(argv[1])) {
    return exit_status_of(run_attest_program(std::span(argv, static_cast<std::size_t>(argc))));
  }
  CLI::App app(program_summary, "immure");
  app.footer(program_details);
  app.set_version_flag("--version", "immure " IMMURE_VERSION);
  app.require_subcommand(1);
  Parsed parsed;
  add_run(app, parsed);
  add_queries(app, parsed);
  add_usage(app, parsed);
  add_controls(app, parsed);
  add_records(app, parsed);
  add_policy(app, parsed);
  add_attest_verbs(app);
  add_internal(app, parsed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& shown) {  // --help, --version
    return app.exit(shown);
  } catch (const CLI::ParseError& error) {
    report({ExitCode::usage, error.what(), "`immure --help` shows what there is"});
    return static_cast<int>(ExitCode::usage);
  }
  return exit_status_of(parsed.action());
}

}  // namespace immure::cli
