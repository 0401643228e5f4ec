#include "net/rules.hpp"

#include <fstream>
#include <iterator>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/net/records.hpp"

using namespace immure;
using namespace immure::net;

namespace {

std::string golden(const std::string& name) {
  std::ifstream file(std::string(IMMURE_GOLDEN) + "/" + name);
  return {std::istreambuf_iterator(file), {}};
}

}  // namespace

TEST_CASE("a guest that names its addresses may send with these alone", "[net]") {
  CHECK(table_text(test::bound_record()) == golden("bound.nft"));
}

TEST_CASE("a guest that names none may send with any, but with its own MAC address", "[net]") {
  auto record = test::record();
  record.metadata_allowed = policy::Switch::on;
  record.nets[record.net_count++] = test::net("1-b", "immure1", 0x2b);
  CHECK(table_text(record) == golden("unbound.nft"));
}

TEST_CASE("the link-local address of a MAC address turns the bit that says who gave it", "[net]") {
  CHECK(policy::ip_text(link_local_of({0x52, 0x54, 0, 0x12, 0x34, 0x56})) == "fe80::5054:ff:fe12:3456");
  CHECK(policy::ip_text(link_local_of({0, 0, 0, 0, 0, 1})) == "fe80::200:ff:fe00:1");
}
