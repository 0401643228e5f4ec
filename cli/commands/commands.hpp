#pragma once

#include <chrono>
#include <string>

#include "cli/commands/limit.hpp"
#include "cli/doctor/finding.hpp"
#include "cli/failure.hpp"

namespace immure::cli {

enum class OutputFormat { text, json };

struct RunOptions {
  enum class Mode { foreground, detached, dry_run };
  std::string spec;
  Mode mode = Mode::foreground;
  OutputFormat format = OutputFormat::text;
};

/// One function for each subcommand, each in the file of its name. The exit code is what the program ends
/// with.
Expected<ExitCode> run_command(const RunOptions& options);
Expected<ExitCode> ps_command(OutputFormat format);
Expected<ExitCode> inspect_command(const std::string& name, OutputFormat format);
Expected<ExitCode> console_command(const std::string& name);
Expected<ExitCode> stop_command(const std::string& name, std::chrono::seconds timeout);
Expected<ExitCode> kill_command(const std::string& name);
Expected<ExitCode> pause_command(const std::string& name);
Expected<ExitCode> resume_command(const std::string& name);
Expected<ExitCode> reset_command(const std::string& name);
/// Leaves the guest `size` of its memory ("512 MiB"), and takes the rest back.
Expected<ExitCode> balloon_command(const std::string& name, const std::string& size);
/// Limits, or frees, how much one device of a guest moves.
Expected<ExitCode> limit_command(const LimitOptions& options);
/// Prints metrics of this guest, or of all where the name is empty, for Prometheus.
Expected<ExitCode> metrics_command(const std::string& name);
struct TopOptions {
  unsigned count = 0;  ///< of tables; 0: without end on a terminal, else one
  std::chrono::milliseconds delay{2000};
  OutputFormat format = OutputFormat::text;
};
/// What each guest uses, again and again.
Expected<ExitCode> top_command(const TopOptions& options);
struct AnalyzeOptions {
  std::string name;
  std::string picture;  ///< the file that gets it; "-": standard output; empty: none is drawn
  OutputFormat format = OutputFormat::text;
};
/// What a launch took its time for, and when the guest's drivers took its devices over.
Expected<ExitCode> analyze_command(const AnalyzeOptions& options);
/// Undoes what is left of guests whose keeper is gone; prints their names.
Expected<ExitCode> gc_command();
/// The log lines of the guest's VMM: those kept, or those and all until the guest ends.
enum class LogsUntil { now, guest_ends };
Expected<ExitCode> logs_command(const std::string& name, LogsUntil until);
Expected<ExitCode> validate_command(const std::string& spec, OutputFormat format);
Expected<ExitCode> doctor_command(OutputFormat format, Verdict tolerated);
struct AuditOptions {
  std::string file;     ///< the launch log
  std::string name;     ///< a guest's; empty: of all
  std::string witness;  ///< digest of a line as it was kept elsewhere; may be empty
  OutputFormat format = OutputFormat::text;
};
/// Shows the launch log.
Expected<ExitCode> audit_show_command(const AuditOptions& options);
/// Checks that no line of it was changed or removed; bad_signature if one was.
Expected<ExitCode> audit_verify_command(const AuditOptions& options);
/// Prints what happens to guests: what happened until now, or what happens from now on, until it is ended.
enum class EventsFrom { past, now };
Expected<ExitCode> events_command(EventsFrom from, OutputFormat format);
struct PolicyCheckOptions {
  std::string spec;
  std::string user;  ///< empty: whoever asks
  OutputFormat format = OutputFormat::text;
};
/// Shows what each rule of the host policy says of a guest; not_admitted if one forbids it.
Expected<ExitCode> policy_check_command(const PolicyCheckOptions& options);
/// Waits until the guest is gone; the exit code is how it ended.
Expected<ExitCode> wait_command(const std::string& name);

/// For the launcher: an entry on standard input, the log as launch_log_fd; the line's digest on standard
/// output.
Expected<ExitCode> append_launch_entry_command();
/// For the launcher: host policy text on standard input; on standard output what it allows whoever has this
/// login uid.
Expected<ExitCode> compile_host_policy_command(std::uint32_t requester_uid);

}  // namespace immure::cli
