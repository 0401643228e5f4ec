#include "cli/console/socket_label.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::cli;

namespace {

constexpr const char* user = "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023";

}  // namespace

TEST_CASE("a client's socket gets the client's context with the guest's categories", "[cli]") {
  const auto label = with_level_of(user, "system_u:system_r:immure_vmm_t:s0:c12,c407");
  CHECK(*label == "unconfined_u:unconfined_r:unconfined_t:s0:c12,c407");
}

TEST_CASE("a label without a pair of categories is no guest's", "[cli]") {
  for (const std::string level :
       {"s0", "s0:c12", "s0-s0:c0.c1023", "s0:c1,c1", "s0:c2,c1", "s0:c1,c2,c3", "s0:c1.c3", "s0:c01,c2",
        "s0:c1,c02", "s0:c1, c2", "s0:c1,c1024", "s0:c1,c99999", "s0:1,2", "s0:c1,c2 ", "s0:c-1,c2",
        "s0:c,c2", "s0:C1,c2", "s1:c1,c2", ""}) {
    CAPTURE(level);
    CHECK_FALSE(with_level_of(user, "system_u:system_r:immure_vmm_t:" + level));
  }
  CHECK_FALSE(with_level_of(user, "a:b"));
  CHECK_FALSE(with_level_of("a:b", "system_u:system_r:immure_vmm_t:s0:c12,c407"));
}
