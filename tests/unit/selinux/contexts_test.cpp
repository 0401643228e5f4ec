#include "selinux/contexts.hpp"

#include <charconv>
#include <set>

#include <catch2/catch_test_macros.hpp>

using namespace immure::selinux;

TEST_CASE("numbers and category pairs correspond one to one, the lower category first", "[selinux]") {
  std::set<std::string> seen;
  for (std::uint32_t index = 0; index < category_pair_count; ++index) {
    const auto text = CategoryPair::at(index)->text();
    const auto comma = text.find(",c");
    int lower = -1;
    int higher = -1;
    std::from_chars(text.data() + 1, text.data() + comma, lower);
    std::from_chars(text.data() + comma + 2, text.data() + text.size(), higher);
    if (lower < 0 || lower >= higher || higher > 1023) FAIL(index << " is " << text);
    if (!seen.insert(text).second) FAIL(text << " twice, at index " << index);
  }
  CHECK(CategoryPair::at(0)->text() == "c0,c1");
  CHECK(CategoryPair::at(category_pair_count - 1)->text() == "c1022,c1023");
  CHECK_FALSE(CategoryPair::at(category_pair_count));
}

TEST_CASE("contexts are written as the kernel gives them back", "[selinux]") {
  const auto labels = labels_of(*CategoryPair::at(4));
  CHECK(labels.vmm == "system_u:system_r:immure_vmm_t:s0:c1,c3");
  CHECK(labels.monitor == "system_u:system_r:immure_monitor_t:s0:c1,c3");
  CHECK(labels.image == "system_u:object_r:immure_image_t:s0:c1,c3");
  CHECK(labels.pipe == "system_u:object_r:immure_pipe_t:s0:c1,c3");
}

TEST_CASE("the type is found in a context", "[selinux]") {
  CHECK(type_of("system_u:system_r:immure_vmm_t:s0:c12,c407") == "immure_vmm_t");
  CHECK(type_of("unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023") == "unconfined_t");
  for (const auto* context : {"kernel", "a:b", "a:b:c", ""}) CHECK(type_of(context).empty());
}
