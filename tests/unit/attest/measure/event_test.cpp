#include "attest/measure/event.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::attest::measure;

namespace {

const std::string digest(64, 'a');

}  // namespace

TEST_CASE("an event is read back as it was written", "[attest]") {
  const Event event{
      .kind = EventKind::code, .name = "disk:root", .fields = {{"sha256", digest}, {"size", "5"}}};
  CHECK(event_text(event) == "name=disk:root\nsha256=" + digest + "\nsize=5\n");
  const auto read = parse_event_text(EventKind::code, event_text(event));
  REQUIRE(read);
  CHECK(*read == event);
}

TEST_CASE("an event that is written in any other way is refused", "[attest]") {
  const auto refused = [](const std::string& text) { return !parse_event_text(EventKind::code, text); };
  CHECK_FALSE(refused("name=a\nsha256=" + digest + "\n"));
  CHECK(refused(""));
  CHECK(refused("name=a\n"));
  CHECK(refused("sha256=" + digest + "\nname=a\n"));
  CHECK(refused("name=a\nsha256=" + digest));
  CHECK(refused("name=a\nsha256=" + digest + "\n\n"));
  CHECK(refused("name=a\nsha256=" + digest + "\nsha256=" + digest + "\n"));
  CHECK(refused("name=a\nname=b\nsha256=" + digest + "\n"));
  CHECK(refused("name=a\nsha256=" + digest.substr(1) + "\n"));
  CHECK(refused("name=a\nsha256=A" + digest.substr(1) + "\n"));
  CHECK(refused("name=a\nSIZE=5\n"));
  CHECK(refused("name=a\nvalue=\n"));
  CHECK(refused("name=a\nvalue=b\tc\n"));
  CHECK(refused("name=a\nvalue\n"));
  CHECK(refused("name=a\nvalue=" + std::string(Event::most_text, 'x') + "\n"));
}

TEST_CASE("only digests count as digests", "[attest]") {
  const Event event{.kind = EventKind::code, .name = "a", .fields = {{"sha256", digest}, {"size", "5"}}};
  CHECK(digests_of(event) == std::vector<Field>{{"sha256", digest}});
}
