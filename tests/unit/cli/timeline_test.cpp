#include "cli/timeline/timeline.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure;
using namespace immure::cli;
using Json = nlohmann::ordered_json;

namespace {

Json an_entry() {
  return {
      {"name", "web"},
      {"times",
       {{"began_usec", 1000U},
        {"steps",
         {{{"what", "lease <it>"}, {"ended_usec", 3000U}}, {{"what", "start"}, {"ended_usec", 7500U}}}}}}};
}

GuestStatistics said(std::uint64_t machine, std::uint64_t guest) {
  GuestStatistics out;
  out.boot = {{"machine", machine}, {"guest", guest}, {"disk:root", guest + 500}, {"rng", guest + 200}};
  return out;
}

Timeline timeline() { return timeline_of(an_entry(), said(6000, 8000)).value(); }

}  // namespace

TEST_CASE("a start is the launcher's steps and, of the VMM that was started, what its guest did", "[cli]") {
  const auto out = timeline();
  CHECK(out.guest == "web");
  REQUIRE(out.launch.size() == 3);
  CHECK(out.launch[0].end_usec == 2000);
  CHECK(out.launch[1].begin_usec == 2000);
  CHECK(out.launch[2].begin_usec == 6500);
  CHECK(out.launch[2].end_usec == 7000);
  REQUIRE(out.boot.size() == 2);
  CHECK(out.boot[0].what == "rng");
  CHECK(out.boot[0].usec == 200);
  CHECK(out.boot[1].what == "disk:root");
}

TEST_CASE("without its VMM's word, or with another one's, there are the launcher's steps alone", "[cli]") {
  for (const auto& statistics :
       {std::optional<GuestStatistics>(), std::optional(said(900, 8000)), std::optional(said(6000, 7000))}) {
    const auto out = timeline_of(an_entry(), statistics).value();
    CHECK(out.launch.size() == 2);
    CHECK(out.boot.empty());
    CHECK(timeline_text(out).contains("boot: not known"));
  }
}

TEST_CASE("hostile: a line of the launch log whose times are none has no time line", "[cli][hostile]") {
  auto entry = an_entry();
  SECTION("no times") { entry.erase("times"); }
  SECTION("times that are no object") { entry["times"] = 7; }
  SECTION("no begin") { entry["times"].erase("began_usec"); }
  SECTION("no steps") { entry["times"]["steps"] = Json::array(); }
  SECTION("steps that are none") { entry["times"]["steps"] = {1, 2}; }
  SECTION("a step that ends before it began") { entry["times"]["steps"][1]["ended_usec"] = 2999U; }
  SECTION("a step without a text") { entry["times"]["steps"][0].erase("what"); }
  SECTION("too many steps") { entry["times"]["steps"] = Json::array_t(65, entry["times"]["steps"][0]); }
  CHECK_FALSE(timeline_of(entry, std::nullopt));
}

TEST_CASE("a time line is told as text and as JSON", "[cli]") {
  const auto text = timeline_text(timeline());
  CHECK(text.contains("launch: 7.0 ms\n"));
  CHECK(text.contains("       2.0        4.5  start\n"));
  CHECK(text.contains("boot: the last driver after 0.5 ms\n"));
  CHECK(text.contains("       0.2  rng\n"));
  const auto json = timeline_json(timeline());
  CHECK(json["launch"][1]["begin_usec"] == 2000);
  CHECK(json["boot"][1]["what"] == "disk:root");
}

TEST_CASE("a picture has a bar for each step and each device, and every text in it is escaped", "[cli]") {
  const auto picture = timeline_svg(timeline());
  std::size_t bars = 0;
  for (auto at = picture.find("<rect x="); at != picture.npos; at = picture.find("<rect x=", at + 1)) ++bars;
  CHECK(bars == 5);
  CHECK(picture.contains("lease &lt;it&gt; (2.0 ms)"));
  CHECK(picture.contains("web: launch, 7.0 ms"));
  CHECK(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(picture.ends_with("</svg>\n"));
}

TEST_CASE("a text for which there is no room is squeezed into the most that there is", "[cli]") {
  auto long_one = timeline();
  long_one.launch.front().what = std::string(400, 'x');
  CHECK_FALSE(timeline_svg(timeline()).contains("textLength"));
  CHECK(timeline_svg(long_one).contains("lengthAdjust=\"spacingAndGlyphs\">xxx"));
}
