#include <array>
#include <cstdlib>

#include <catch2/catch_test_macros.hpp>

#include "base/printable.hpp"
#include "cli/output/style.hpp"
#include "cli/output/table.hpp"
#include "cli/output/units.hpp"

using namespace immure;
using namespace immure::cli;

TEST_CASE("control characters cannot reach the terminal", "[cli]") {
  CHECK(printable("a\033[31mb\nc\x7f") == "a?[31mb?c?");
  CHECK(printable("C1 CSI: \xc2\x9b"
                  "2J") == "C1 CSI: ?2J");
  CHECK(printable("Gr\xc3\xbc\xc3\x9f"
                  "e") ==
        "Gr\xc3\xbc\xc3\x9f"
        "e");
  CHECK(printable_lines("a\n\tb\rc") == "a\n\tb?c");
}

TEST_CASE("there is no colour where the output is no terminal", "[cli]") {
  FILE* file = std::tmpfile();
  CHECK(Style::of(file).bad("x") == "x");
  (void)std::fclose(file);
  CHECK(Style(Style::Colour::always).bad("x") == "\033[31mx\033[0m");
}

TEST_CASE("columns of a table are aligned and the last one is not padded", "[cli]") {
  Table table({"NAME", "PID"});
  table.add({"web", "17"});
  table.add({"database", "4"});
  CHECK(table.text() == "NAME      PID\nweb       17\ndatabase  4\n");
}

TEST_CASE("sizes and durations are short", "[cli]") {
  CHECK(human_size(512) == "512B");
  CHECK(human_size(512ULL << 20) == "512M");
  CHECK(human_size(1536) == "1.5K");
  CHECK(human_size(1ULL << 40) == "1T");
  CHECK(human_duration(59) == "59s");
  CHECK(human_duration(187) == "3m07s");
  CHECK(human_duration(3600 * 5 + 60) == "5h01m");
  CHECK(human_duration(86400 * 2) == "2d00h");
}
