#include "selinux/category_pair.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>

using namespace immure::selinux;

TEST_CASE("a category pair is two different categories, the lower first", "[selinux]") {
  CHECK(CategoryPair::from(Category(407), Category(12))->text() == "c12,c407");
  CHECK_FALSE(CategoryPair::from(Category(7), Category(7)));
  CHECK_FALSE(CategoryPair::from(Category(7), Category(1024)));
}

TEST_CASE("a category pair is read in the kernel's own form only", "[selinux]") {
  CHECK(CategoryPair::parse("c0,c1023")->text() == "c0,c1023");
  for (const auto* text : {"", "c1", "c1,c1", "c2,c1", "c1,c2,c3", "c1.c3", "c01,c2", "c1,c02", "c1, c2",
                           "c1,c1024", "c1,c99999", "1,2", "c1,c2 ", "c-1,c2", "c,c2", "C1,c2"}) {
    CAPTURE(text);
    CHECK_FALSE(CategoryPair::parse(text));
  }
}

TEST_CASE("numbers and category pairs correspond one to one", "[selinux]") {
  CHECK(category_pair_count == 523'776);
  std::set<CategoryPair> seen;
  for (std::uint32_t index = 0; index < category_pair_count; ++index) {
    const auto pair = CategoryPair::at(index);
    if (!pair || pair->index() != index || pair->lower() >= pair->higher()) FAIL("index " << index);
    if (index % 64 == 0 && !seen.insert(*pair).second) FAIL("twice at index " << index);
  }
  CHECK(CategoryPair::at(category_pair_count - 1)->text() == "c1022,c1023");
  CHECK_FALSE(CategoryPair::at(category_pair_count));
}

TEST_CASE("no category pair dominates another, even where they share a category", "[selinux]") {
  const auto pair = CategoryPair::parse("c1,c2");
  CHECK(pair->dominates(*pair));
  for (const auto* other : {"c1,c3", "c0,c1", "c2,c3", "c3,c4"})
    CHECK_FALSE(pair->dominates(*CategoryPair::parse(other)));
}
