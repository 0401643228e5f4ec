#include "base/result.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure;

namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return invalid("odd");
  return n / 2;
}
Result<int> quarter(int n) { return IMMURE_TRY(half(IMMURE_TRY(half(n)))); }

}  // namespace

TEST_CASE("IMMURE_TRY unwraps a value and passes an error on", "[base]") {
  CHECK(quarter(12).value() == 3);
  const auto failed = quarter(6);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "odd");
}

TEST_CASE("a system error carries the object and errno's text", "[base]") {
  const Result<int> failed = system_error("open /nowhere", ENOENT);
  CHECK(failed.error().message == "open /nowhere: No such file or directory");
  CHECK(failed.error().error_number == ENOENT);
}

TEST_CASE("context goes in front of an error", "[base]") {
  const Result<int> failed = with_context("disk root", Error{.message = "is a FIFO", .error_number = 7});
  CHECK(failed.error().message == "disk root: is a FIFO");
  CHECK(failed.error().error_number == 7);
}

TEST_CASE("one errno is tolerated, any other is not", "[base]") {
  CHECK(tolerate(ENOENT, system_error("unlink", ENOENT)));
  CHECK_FALSE(tolerate(ENOENT, system_error("unlink", EACCES)));
  CHECK_FALSE(tolerate(ENOENT, invalid("no errno at all")));
}
