#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/unique_fd.hpp"
#include "cli/launch_log/append.hpp"
#include "cli/launch_log/chain.hpp"
#include "cli/launch_log/digest.hpp"
#include "cli/launch_log/entry_json.hpp"
#include "cli/launch_log/entry_text.hpp"
#include "policy/exit_codes.hpp"
#include "tests/unit/cli/scratch.hpp"

using namespace immure;
using namespace immure::cli;
using policy::LaunchEvent;

namespace {

policy::LaunchEntry entry_of(LaunchEvent event, const char* name = "web") {
  policy::GuestRecord guest;
  guest.name = policy::GuestName::from(name, "name").value();
  guest.kernel = policy::HostPath::from("/boot/vmlinuz", "kernel").value();
  auto entry = policy::make_launch_entry(event, guest);
  entry.message = BoundedString<1024>::fitting("no \"room\"\n left");
  entry.read_back =
      BoundedString<16384>::from(
          "[status]\nName:\timmure-vmm\nUid:\t7 7 7 7\nSeccomp:\t2\n[attr/current]\na:b:c:s0:c1,c2\n"
          "[ns]\nmnt:[1]\nnet:[2]\n[mountinfo]\n[cgroup]\n0::/immure/web/vmm\n[fd]\n0 /dev/null\n",
          "text")
          .value();
  return entry;
}

/// A log in a directory of its own.
class Log {
 public:
  Log() : path_(scratch_.path() + "/launches.jsonl") {}

  std::string append(LaunchEvent event) const {
    const auto digest = try_append(event);
    REQUIRE(digest);
    return *digest;
  }
  [[nodiscard]] Result<std::string> try_append(LaunchEvent event) const {
    const UniqueFd fd(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    return append_to_log(fd.get(), entry_of(event));
  }
  [[nodiscard]] ChainReport verify(std::string_view witness = {}) const {
    std::ifstream file(path_, std::ios::binary);
    return verify_chain(file, witness);
  }
  [[nodiscard]] std::string text() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Scratch scratch_;
  std::string path_;
};

std::vector<std::string> lines_in(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

bool is_whole(const Log& log) {
  const auto report = log.verify();
  return report.faults.empty() && report.remarks.empty();
}

}  // namespace

TEST_CASE("each line of the launch log names the digest of the line before it", "[launch-log]") {
  const Log log;
  const auto first = log.append(LaunchEvent::started);
  const auto second = log.append(LaunchEvent::ended);
  const auto lines = lines_in(log.text());
  REQUIRE(lines.size() == 2);
  CHECK(first == sha256_text(std::as_bytes(std::span(lines[0]))));
  CHECK(read_line(lines[0])->previous == std::string(64, '0'));
  CHECK(read_line(lines[1])->previous == first);
  CHECK(read_line(lines[1])->sequence == 2);
  const auto report = log.verify();
  CHECK(report.faults.empty());
  CHECK(report.lines == 2);
  CHECK(report.head == second);
}

TEST_CASE("a changed byte anywhere in the launch log is found", "[launch-log]") {
  const Log log;
  for (int i = 0; i < 3; ++i) log.append(LaunchEvent::ended);
  const auto good = log.text();
  const auto last_line = good.rfind('\n', good.size() - 2) + 1;
  REQUIRE(is_whole(log));
  // A change in the last line is one that only a witness can tell, unless it is no entry any more.
  const auto witness = log.verify().head;
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    log.write(bad);
    INFO("byte " << i << ": " << bad.substr(i > 20 ? i - 20 : 0, 40));
    if (i + 1 < last_line) CHECK_FALSE(log.verify().faults.empty());
    CHECK_FALSE(log.verify(witness).faults.empty());
  }
}

TEST_CASE("lines that were removed, moved, doubled or added are found", "[launch-log]") {
  const Log log;
  for (int i = 0; i < 4; ++i) static_cast<void>(log.append(LaunchEvent::ended));
  auto lines = lines_in(log.text());
  SECTION("the first removed") { lines.erase(lines.begin()); }
  SECTION("one in the middle removed") { lines.erase(lines.begin() + 2); }
  SECTION("two exchanged") { std::swap(lines[1], lines[2]); }
  SECTION("one doubled") { lines.insert(lines.begin() + 1, lines[1]); }
  SECTION("an empty one added") { lines.insert(lines.begin() + 1, ""); }
  log.write(joined(lines));
  CHECK_FALSE(log.verify().faults.empty());
}

TEST_CASE("lines that were cut off the end are found by a digest that was kept elsewhere", "[launch-log]") {
  const Log log;
  const auto first = log.append(LaunchEvent::started);
  const auto second = log.append(LaunchEvent::ended);
  CHECK(log.verify(first).faults.empty());
  CHECK(log.verify(second).faults.empty());
  log.write(joined({lines_in(log.text()).front()}));
  CHECK(log.verify().faults.empty());
  CHECK(log.verify(first).faults.empty());
  CHECK_FALSE(log.verify(second).faults.empty());
}

TEST_CASE("a line that a crash cut off is told, and the log goes on behind it", "[launch-log]") {
  const Log log;
  log.append(LaunchEvent::started);
  log.append(LaunchEvent::ended);
  const auto good = log.text();
  log.write(good.substr(0, good.size() - 30));
  CHECK_FALSE(log.verify().faults.empty());
  log.append(LaunchEvent::started);
  const auto report = log.verify();
  CHECK(report.faults.empty());
  REQUIRE(report.remarks.size() == 1);
  CHECK(report.remarks.front().line == 2);
  CHECK(read_line(lines_in(log.text()).back())->sequence == 3);
  // The cut-off line is part of the chain.
  auto changed = log.text();
  changed[good.size() - 40] = '~';
  log.write(changed);
  CHECK_FALSE(log.verify().faults.empty());
}

TEST_CASE("nothing is appended to what is no launch log", "[launch-log]") {
  const Log log;
  log.write("root:x:0:0:root:/root:/bin/bash\n");
  const auto appended = log.try_append(LaunchEvent::started);
  REQUIRE_FALSE(appended);
  CHECK(appended.error().message.contains("not a JSON object"));
  CHECK(log.text() == "root:x:0:0:root:/root:/bin/bash\n");
}

TEST_CASE("an entry says what was asked for, planned and read back", "[launch-log]") {
  const Log log;
  log.append(LaunchEvent::started);
  const auto line = read_line(lines_in(log.text()).front());
  REQUIRE(line);
  const auto& entry = line->entry;
  CHECK(entry["event"] == "started");
  CHECK_THAT(entry["time"].get<std::string>(),
             Catch::Matchers::Matches(
                 "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{6}Z"));
  CHECK(entry["guest"]["kernel"] == "/boot/vmlinuz");
  CHECK(entry["guest"]["initrd"].is_null());
  CHECK(entry["read_back"]["status"]["Uid"] == "7 7 7 7");
  CHECK_FALSE(entry["read_back"]["status"].contains("Name"));
  CHECK(entry["read_back"]["attr/current"] == "a:b:c:s0:c1,c2");
  CHECK(entry["read_back"]["ns"].size() == 2);
  CHECK(entry["read_back"]["mountinfo"].empty());
  CHECK(entry["read_back"]["cgroup"] == "0::/immure/web/vmm");
  CHECK(entry["read_back"]["fd"][0] == "0 /dev/null");
  CHECK(entry["seccomp_sha256"]["vmm_vcpu"].get<std::string>().size() == 64);
  CHECK(entry_details(*line).contains("a:b:c:s0:c1,c2"));
}

TEST_CASE("an entry says what was measured and who signed it", "[launch-log]") {
  auto entry = entry_of(LaunchEvent::started);
  CHECK(entry_json(entry, {})["measured"] == false);
  CHECK_FALSE(entry_json(entry, {}).contains("measurements"));
  auto& measurement = entry.measurement;
  const auto add = [&](const char* name, policy::MeasuredBy by) -> policy::MeasuredItem& {
    auto& item = measurement.items.at(measurement.item_count++);
    item.name = BoundedString<64>::from(name, "name").value();
    item.by = by;
    item.size = 7;
    return item;
  };
  add("kernel", policy::MeasuredBy::hashes).sha256.fill(0xab);
  add("disk:root", policy::MeasuredBy::fs_verity_sha256).verity.fill(0xcd);
  add("disk:data", policy::MeasuredBy::writable);
  measurement.signer_count = 1;
  measurement.signers.at(0).fill(0x12);
  const auto json = entry_json(entry, {});
  CHECK(json["measured"] == true);
  REQUIRE(json["measurements"].size() == 3);
  CHECK(json["measurements"][0]["name"] == "kernel");
  CHECK(json["measurements"][0]["sha256"].get<std::string>().starts_with("abab"));
  CHECK(json["measurements"][0]["sha384"].get<std::string>().size() == 96);
  CHECK(json["measurements"][0]["size"] == 7);
  CHECK(json["measurements"][1]["fs-verity-sha256"].get<std::string>().size() == 64);
  CHECK_FALSE(json["measurements"][1].contains("sha256"));
  CHECK(json["measurements"][2] == nlohmann::ordered_json{{"name", "disk:data"}, {"unmeasured", "writable"}});
  CHECK(json["manifest"]["signed_by"][0].get<std::string>().starts_with("1212"));
}

TEST_CASE("an entry says how a guest ended, in one line whatever the message holds", "[launch-log]") {
  const Log log;
  auto entry = entry_of(LaunchEvent::failed);
  entry.exit_code = static_cast<int>(policy::ExitCode::image_refused);
  const UniqueFd fd(::open(log.path().c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(append_to_log(fd.get(), entry));
  const auto lines = lines_in(log.text());
  REQUIRE(lines.size() == 1);
  const auto line = read_line(lines.front());
  REQUIRE(line);
  CHECK(line->entry["exit_code_name"] == "image_refused");
  CHECK(line->entry["message"] == "no \"room\"  left");
  CHECK_FALSE(line->entry.contains("read_back"));
  CHECK(entry_headline(*line).contains("failed"));
}

TEST_CASE("a path that is no UTF-8 does not keep a launch from being recorded", "[launch-log]") {
  const Log log;
  auto entry = entry_of(LaunchEvent::started);
  entry.guest.kernel = policy::HostPath::from("/boot/\xff\xfe", "kernel").value();
  const UniqueFd fd(::open(log.path().c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(append_to_log(fd.get(), entry));
  CHECK(is_whole(log));
}

TEST_CASE("those who append at the same time wait for each other", "[launch-log]") {
  const Log log;
  constexpr int writers = 8;
  for (int i = 0; i < writers; ++i) {
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) ::_exit(log.try_append(LaunchEvent::ended) ? 0 : 1);
  }
  for (int i = 0; i < writers; ++i) {
    int status = -1;
    REQUIRE(::wait(&status) > 0);
    CHECK(status == 0);
  }
  const auto report = log.verify();
  CHECK(report.faults.empty());
  CHECK(report.lines == writers);
}

TEST_CASE("the record of an entry is asked before it is used", "[launch-log]") {
  auto entry = entry_of(LaunchEvent::started);
  CHECK(policy::check(entry));
  SECTION("header") { entry.header.version = 9; }
  SECTION("event") { entry.event = static_cast<LaunchEvent>(77); }
  SECTION("name") { entry.state.name = {}; }
  SECTION("disks") { entry.guest.disk_count = 25; }
  CHECK_FALSE(policy::check(entry));
}
