#include "policy/spec/compile.hpp"

#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.hpp"
#include "base/printable.hpp"
#include "base/unique_fd.hpp"
#include "policy/spec/isolated_child.hpp"
#include "policy/toml/guest_spec.hpp"
#include "policy/toml/host_policy.hpp"

namespace immure::policy {
namespace {

constexpr std::size_t max_diagnostics = 16 << 10;
constexpr char good = '+';
constexpr char bad = '-';

/// In the child: '+' and the record, or '-' and what is wrong.
template <typename Record, typename Parse>
std::string answer(int input, const std::string& name, Parse parse) {
  const auto text = read_text(input, max_text_bytes, name);
  const Result<Record> record = text ? parse(*text) : std::unexpected(text.error());
  if (!record) return bad + record.error().message.substr(0, max_diagnostics);
  std::string out(1, good);
  out.append(reinterpret_cast<const char*>(&*record), sizeof(Record));
  return out;
}

/// In the parent: the child had the file's bytes in its hands, so its answer is as little trusted as they
/// are.
template <typename Record>
Expected<Record> accept(const std::string& text, const std::string& name) {
  if (text.size() == 1 + sizeof(Record) && text.front() == good) {
    Record record{};
    std::memcpy(&record, text.data() + 1, sizeof record);
    if (const auto checked = check(record); !checked) {
      return fail(ExitCode::bad_specification, name + ": " + printable(checked.error().message));
    }
    return record;
  }
  if (!text.empty() && text.front() == bad) {
    return fail(ExitCode::bad_specification, printable_lines(std::string_view(text).substr(1)));
  }
  return fail(ExitCode::failure, "parse " + name + ": the parser gave no answer");
}

template <typename Record, typename Parse>
Expected<Record> compile_isolated(int fd, const std::string& name, Parse parse) {
  const auto limit = 1 + std::max(sizeof(Record), max_diagnostics);
  const auto text =
      IMMURE_TRY(run_isolated(fd, limit, [&](int input) { return answer<Record>(input, name, parse); }));
  return accept<Record>(text, name);
}

Expected<UniqueFd> open_text(const std::string& path) {
  // O_NONBLOCK: a FIFO without a writer must not hang the open.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) {
    return fail(ExitCode::bad_specification,
                "open " + printable(path) + ": " + system_error("").error().message);
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return system_error("fstat " + path);
  if (!S_ISREG(status.st_mode)) {
    return fail(ExitCode::bad_specification, "open " + printable(path) + ": it is not a regular file");
  }
  if (static_cast<std::uint64_t>(status.st_size) > max_text_bytes) {
    return fail(ExitCode::bad_specification, "read " + printable(path) + ": it has " +
                                                 std::to_string(status.st_size) + " bytes, at most " +
                                                 std::to_string(max_text_bytes) + " are allowed");
  }
  return fd;
}

}  // namespace

Expected<GuestRecord> compile_guest_spec(const std::string& path) {
  const auto fd = IMMURE_TRY(open_text(path));
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error).lexically_normal();
  const std::string directory = error ? "" : absolute.parent_path().string();
  return compile_isolated<GuestRecord>(
      fd.get(), path, [&](std::string_view text) { return parse_guest_spec(text, path, directory); });
}

Expected<HostPolicyFile> compile_host_policy(int fd, const std::string& name) {
  return compile_isolated<HostPolicyFile>(
      fd, name, [&](std::string_view text) { return parse_host_policy(text, name); });
}

}  // namespace immure::policy
