#include "selinux/contexts.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::selinux;

TEST_CASE("contexts are written as the kernel gives them back", "[selinux]") {
  const auto pair = *CategoryPair::parse("c12,c407");
  CHECK(vmm_context(pair) == "system_u:system_r:immure_vmm_t:s0:c12,c407");
  CHECK(monitor_context(pair) == "system_u:system_r:immure_monitor_t:s0:c12,c407");
  CHECK(image_context(pair) == "system_u:object_r:immure_image_t:s0:c12,c407");
  CHECK(pipe_context(pair) == "system_u:object_r:immure_pipe_t:s0:c12,c407");
}

TEST_CASE("type and categories are found in a context", "[selinux]") {
  CHECK(type_of("system_u:system_r:immure_vmm_t:s0:c12,c407") == "immure_vmm_t");
  CHECK(type_of("unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023") == "unconfined_t");
  CHECK(type_of("kernel").empty());
  CHECK(categories_of("system_u:system_r:immure_vmm_t:s0:c12,c407")->text() == "c12,c407");
  for (const auto* context : {"system_u:system_r:immure_vmm_t:s0", "system_u:system_r:immure_vmm_t:s0:c12",
                              "system_u:system_r:immure_t:s0-s0:c0.c1023", "a:b", ""}) {
    CAPTURE(context);
    CHECK_FALSE(categories_of(context));
  }
}

TEST_CASE("a client's socket gets the client's context with the guest's categories", "[selinux]") {
  const auto label = with_level_of("unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023",
                                   "system_u:system_r:immure_vmm_t:s0:c12,c407");
  CHECK(*label == "unconfined_u:unconfined_r:unconfined_t:s0:c12,c407");
}
