#include "policy/rate_limit.hpp"

#include <string>

namespace immure::policy {
namespace {

Result<void> check_bucket(std::uint64_t rate, std::uint64_t burst, std::uint64_t least, std::uint64_t most,
                          const std::string& key) {
  const auto range = std::to_string(least) + " to " + std::to_string(most);
  if (rate != 0 && (rate < least || rate > most)) return invalid(key + "_per_second must be " + range);
  if (burst != 0 && rate == 0) return invalid(key + "_burst needs " + key + "_per_second");
  if (burst != 0 && (burst < least || burst > most)) return invalid(key + "_burst must be " + range);
  return {};
}

}  // namespace

Result<void> check(const RateLimit& limit, std::string_view key) {
  const std::string name(key);
  IMMURE_TRY(check_bucket(limit.bytes_per_second, limit.bytes_burst, min_bytes_per_second, max_rate_bytes,
                          name + ".bytes"));
  return check_bucket(limit.operations_per_second, limit.operations_burst, 1, max_rate_operations,
                      name + ".operations");
}

}  // namespace immure::policy
