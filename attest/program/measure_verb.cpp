#include <map>
#include <memory>

#include "attest/program/measure.hpp"
#include "attest/program/verbs.hpp"

namespace immure::attest {
namespace {

constexpr const char* measure_details =
    "Says what a launch of SPEC would consist of, without launching it: kernel, initrd, command line,\n"
    "configuration, the VMM, the seccomp profiles and the disks, each by SHA-256 and SHA-384.\n"
    "A read-only disk under fs-verity is taken by the digest that the kernel keeps for it, one with a\n"
    "dm-verity root by that; any other is read to its end. A disk that the guest may write is listed as\n"
    "unmeasured.\n\n"
    "Events are of two kinds: `code` is the same at every launch, `identity` says who this launch is.\n\n"
    "  immure measure web.toml\n"
    "  immure measure web.toml --json | jq '.events[] | select(.kind == \"code\")'\n"
    "  immure measure web.toml --log web.cel\n"
    "  immure measure web.toml --log web.log --log-format json-seq\n\n"
    "Exit codes: 0 measured; 2 wrong command line; 3 bad specification; 6 a file is missing, is not what it\n"
    "must be, or changed meanwhile; 1 the log cannot be written.";

}  // namespace

void add_guest_options(CLI::App& command, GuestOptions& options) {
  command.add_option("--vmm", options.vmm, "the VMM binary; the installed one if not given");
  command
      .add_option("--largest-disk", options.largest_disk_mib,
                  "in MiB: a read-only disk above it, without fs-verity or a dm-verity root, is refused")
      ->check(CLI::Range(1U, 1U << 30))
      ->capture_default_str();
  const std::map<std::string, measure::PlainDisks> kinds{{"hashes", measure::PlainDisks::by_hashes},
                                                         {"fs-verity", measure::PlainDisks::by_fs_verity}};
  command
      .add_option_function<std::string>(
          "--disks-by",
          [&options, kinds](const std::string& word) { options.reading.plain = kinds.at(word); },
          "what read-only disks are known by that are not under fs-verity here and have no dm-verity "
          "root: hashes (the default), or what fs-verity will say on the host")
      ->check(CLI::IsMember(kinds));
  const auto all = [&options](std::int64_t) { options.reading.trees = measure::TreeReading::all; };
  command.add_flag_function(
      "--check-verity", all,
      "read disks with a dm-verity root to their end, and refuse data that is not the root's");
}

void add_measure(CLI::App& app, Action& action) {
  auto options = std::make_shared<MeasureOptions>();
  auto json = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("measure", "say what a launch would consist of, by digests");
  command->footer(measure_details);
  command->add_option("SPEC", options->guest.spec, "the guest specification")->required();
  add_guest_options(*command, options->guest);
  auto* log = command->add_option("--log", options->log, "write the events as a log to this file");
  const std::map<std::string, LogFormat> formats{
      {"cel", LogFormat::cel}, {"json-seq", LogFormat::json_seq}, {"tcg", LogFormat::tcg}};
  command
      ->add_option_function<std::string>(
          "--log-format",
          [options, formats](const std::string& word) { options->log_format = formats.at(word); },
          "cel (TCG Canonical Event Log, TLV; the default), json-seq (RFC 7464) or tcg (as firmware writes)")
      ->check(CLI::IsMember(formats))
      ->needs(log);
  command->add_option("--pcr", options->pcr, "the PCR that the log's records name")
      ->check(CLI::Range(0U, 15U))
      ->capture_default_str()
      ->needs(log);
  command->add_flag("--json", *json, "print one JSON object with \"guest\" and \"events\"");
  command->callback([options, json, &action] {
    options->format = *json ? OutputFormat::json : OutputFormat::text;
    action = [options] { return measure_command(*options); };
  });
}

}  // namespace immure::attest
