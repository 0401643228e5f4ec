#include "selinux/lease_claims.hpp"

#include <sys/random.h>

namespace immure::selinux {
namespace {

/// With nine tenths of all values taken, one launch in 800 still has to scan.
constexpr std::uint32_t random_draws = 64;

/// Looks first, so that the journal gets an entry only for what seems to be free.
Result<Claim> try_claim(const LeaseDirectory& leases, Journal& journal, LeaseKind kind,
                        const std::string& value) {
  if (IMMURE_TRY(leases.owner_of(kind, value))) return Claim::busy;
  IMMURE_TRY(journal.append(IMMURE_TRY(lease_entry(kind, value))));
  return leases.claim(kind, value, journal.owner());
}

/// Claims one of the `count` values that `value_at` names; yields its number.
template <typename ValueAt>
Result<std::uint32_t> claim_random(const LeaseDirectory& leases, Journal& journal, RandomNumbers& random,
                                   LeaseKind kind, std::uint32_t count, const char* what, ValueAt value_at) {
  if (count == 0) return invalid(std::string("there are no ") + what + " to lease");
  std::uint32_t index = 0;
  for (std::uint32_t draw = 0; draw < random_draws; ++draw) {
    index = IMMURE_TRY(random.below(count));
    if (IMMURE_TRY(try_claim(leases, journal, kind, value_at(index))) == Claim::taken) return index;
  }
  for (std::uint32_t step = 0; step < count; ++step) {
    index = index + 1 == count ? 0 : index + 1;
    if (IMMURE_TRY(try_claim(leases, journal, kind, value_at(index))) == Claim::taken) return index;
  }
  return invalid(std::string("all ") + std::to_string(count) + " " + what + " are in use");
}

}  // namespace

Result<std::uint32_t> KernelRandomNumbers::below(std::uint32_t bound) {
  // 64 bits over at most 32: the remainder prefers no number by more than 2^-32.
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof(number), 0) != sizeof(number)) return system_error("getrandom");
  return static_cast<std::uint32_t>(number % bound);
}

Result<CategoryPair> claim_categories(const LeaseDirectory& leases, Journal& journal, RandomNumbers& random) {
  const auto text_at = [](std::uint32_t index) { return CategoryPair::at(index)->text(); };
  return CategoryPair::at(IMMURE_TRY(claim_random(leases, journal, random, LeaseKind::categories,
                                                  category_pair_count, "category pairs", text_at)));
}

Result<std::uint32_t> claim_uids(const LeaseDirectory& leases, Journal& journal, RandomNumbers& random,
                                 std::uint32_t base, std::uint32_t count) {
  const auto text_at = [base](std::uint32_t index) { return std::to_string(base + 2 * index); };
  return base + 2 * IMMURE_TRY(claim_random(leases, journal, random, LeaseKind::uid, count / 2, "uid pairs",
                                            text_at));
}

Result<Claim> claim_name(const LeaseDirectory& leases, Journal& journal, const std::string& name) {
  return try_claim(leases, journal, LeaseKind::name, name);
}

}  // namespace immure::selinux
