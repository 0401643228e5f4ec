#include <map>
#include <set>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "cli/usage/exposition.hpp"
#include "cli/usage/guest_metrics.hpp"
#include "tests/unit/cli/usage_fixture.hpp"

using namespace immure;
using namespace immure::cli;
using namespace immure::cli::test;

namespace {

bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == text.npos;
}

/// A small parser of the exposition format, from its description: every sample by its name and labels. Throws
/// at what is not as it must be.
std::map<std::string, std::string> parse(const std::string& text) {
  std::map<std::string, std::string> samples;
  std::set<std::string> seen;
  std::string metric;
  std::string type;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    if (line.starts_with("# HELP ")) {
      words >> metric >> metric >> metric;
      // All lines of a metric stand together.
      if (!is_name(metric) || !seen.insert(metric).second) throw std::runtime_error(line);
      continue;
    }
    if (line.starts_with("# TYPE ")) {
      std::string name;
      words >> name >> name >> name >> type;
      if (name != metric || (type != "counter" && type != "gauge")) throw std::runtime_error(line);
      if ((type == "counter") != name.ends_with("_total")) throw std::runtime_error(line);
      continue;
    }
    const auto name = line.substr(0, line.find_first_of("{ "));
    const auto end = line.rfind(' ');
    const auto value = line.substr(end + 1);
    if (name != metric || value.find_first_not_of("0123456789.") != value.npos)
      throw std::runtime_error(line);
    if (!samples.emplace(line.substr(0, end), value).second) throw std::runtime_error("twice: " + line);
  }
  return samples;
}

}  // namespace

TEST_CASE("labels and help are escaped as the exposition format has it", "[metrics]") {
  Exposition out;
  out.begin("a_metric", MetricKind::gauge, "two\nlines \\ \"quoted\"");
  out.add({{"name", "a\"b\\c\nd"}, {"other", ""}}, 7);
  out.begin("no_samples", MetricKind::gauge, "left out");
  out.begin("b_total", MetricKind::counter, "b");
  out.add({}, 1);
  out.add_usec({{"x", "y"}}, 12'000'345);
  CHECK(out.text() ==
        "# HELP a_metric two\\nlines \\\\ \"quoted\"\n"
        "# TYPE a_metric gauge\n"
        "a_metric{name=\"a\\\"b\\\\c\\nd\",other=\"\"} 7\n"
        "# HELP b_total b\n"
        "# TYPE b_total counter\n"
        "b_total 1\n"
        "b_total{x=\"y\"} 12.000345\n");
}

TEST_CASE("every metric has help and type, once, and its samples of all guests behind it", "[metrics]") {
  std::vector<GuestReading> readings{a_reading("one"), a_reading("two")};
  readings[0].usage->cpu_usec = 1'500'000;
  readings[0].statistics->disks[0].counters.written_bytes = 4096;
  readings[1].statistics->nets[0].counters.received_drops = 3;
  readings[1].statistics->vcpus[0].memory_exits = 9;
  const auto samples = parse(guest_metrics(readings));
  CHECK(samples.at(R"(immure_guest_cpu_seconds_total{guest="one"})") == "1.500000");
  CHECK(samples.at(R"(immure_guest_disk_written_bytes_total{guest="one",disk="root"})") == "4096");
  CHECK(samples.at(R"(immure_guest_disk_written_bytes_total{guest="two",disk="root"})") == "0");
  CHECK(samples.at(R"(immure_guest_network_received_drops_total{guest="two",net="lan"})") == "3");
  CHECK(samples.at(R"(immure_guest_vcpu_exits_total{guest="two",vcpu="0",reason="memory"})") == "9");
  CHECK(samples.at(R"(immure_guest_state{guest="one",state="running"})") == "1");
  CHECK(samples.at(R"(immure_guest_state{guest="one",state="paused"})") == "0");
  CHECK(samples.at(R"(immure_guest_memory_bytes{guest="one"})") == "67108864");
}

TEST_CASE("of a guest that cannot be asked there is what is known", "[metrics]") {
  auto reading = a_reading("gone");
  reading.guest.liveness = Liveness::paused;
  reading.statistics.reset();
  reading.usage.reset();
  const auto samples = parse(guest_metrics(std::span(&reading, 1)));
  CHECK(samples.at(R"(immure_guest_state{guest="gone",state="paused"})") == "1");
  CHECK_FALSE(samples.contains(R"(immure_guest_cpu_seconds_total{guest="gone"})"));
  CHECK(parse(guest_metrics({})).empty());
}
