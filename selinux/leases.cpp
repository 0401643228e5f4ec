#include "selinux/leases.hpp"

#include <array>

#include <fcntl.h>
#include <limits.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"

namespace immure::selinux {
namespace {

/// With nine tenths of all values taken, one launch in 800 still has to scan.
constexpr std::uint32_t random_draws = 64;

/// By LeaseKind; there is none of number 0.
constexpr std::array<const char*, 4> directories{"", "/mcs", "/uid", "/name"};

/// Claims one of the `count` values that `value_at` names; yields its number.
template <typename ValueAt>
Result<std::uint32_t> claim_random(const Leases& leases, Journal& journal, RandomNumbers& random,
                                   LeaseKind kind, std::uint32_t count, const char* what, ValueAt value_at) {
  if (count == 0) return invalid(std::string("there are no ") + what + " to lease");
  std::uint32_t index = 0;
  for (std::uint32_t attempt = 0; attempt < random_draws + count; ++attempt) {
    index = attempt < random_draws ? IMMURE_TRY(random.below(count)) : (index + 1) % count;
    if (IMMURE_TRY(claim(leases, journal, kind, value_at(index))) == Claim::taken) return index;
  }
  return invalid(std::string("all ") + std::to_string(count) + " " + what + " are in use");
}

}  // namespace

Result<Leases> Leases::open(const std::string& path) {
  for (const auto* below : directories) {
    const auto directory = path + below;
    IMMURE_TRY(tolerate(EEXIST, checked(::mkdir(directory.c_str(), 0755), "make " + directory)));
  }
  return Leases(path);
}

Result<Claim> Leases::claim(LeaseKind kind, const std::string& value, const std::string& owner) const {
  const auto link = IMMURE_TRY(link_of(kind, value));
  if (owner.empty()) return invalid("a lease needs an owner");
  if (::symlink(owner.c_str(), link.c_str()) == 0) return Claim::taken;
  if (errno == EEXIST) return Claim::busy;
  return system_error("lease " + link);
}

Result<std::string> Leases::owner_of(LeaseKind kind, const std::string& value) const {
  auto owner = read_link(AT_FDCWD, IMMURE_TRY(link_of(kind, value)));
  if (!owner && owner.error().error_number == ENOENT) return std::string();
  return owner;
}

Result<void> Leases::release(LeaseKind kind, const std::string& value, const std::string& owner) const {
  // Between the two calls nobody else removes it: only its owner does, or who holds the owner's journal.
  if (IMMURE_TRY(owner_of(kind, value)) != owner) return {};
  const auto link = IMMURE_TRY(link_of(kind, value));
  return tolerate(ENOENT, checked(::unlink(link.c_str()), "release the lease " + link));
}

Result<std::string> Leases::link_of(LeaseKind kind, const std::string& value) const {
  // The value becomes a file name below a directory: it must not lead out of it.
  const auto number = std::to_underlying(kind);
  if (number == 0 || number >= directories.size() || value.empty() || value.size() > NAME_MAX ||
      value == "." || value == ".." || value.find('/') != std::string::npos ||
      value.find('\0') != std::string::npos) {
    return invalid("\"" + value + "\" cannot be leased: it is not a file name");
  }
  return path_ + directories.at(number) + "/" + value;
}

Result<std::uint32_t> RandomNumbers::below(std::uint32_t bound) {
  // 64 bits over at most 32: the remainder prefers no number by more than 2^-32.
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof(number), 0) != sizeof(number)) return system_error("getrandom");
  return static_cast<std::uint32_t>(number % bound);
}

Result<Claim> claim(const Leases& leases, Journal& journal, LeaseKind kind, const std::string& value) {
  // Looks first, so that the journal gets an entry only for what seems to be free.
  if (!IMMURE_TRY(leases.owner_of(kind, value)).empty()) return Claim::busy;
  IMMURE_TRY(journal.append(IMMURE_TRY(lease_entry(kind, value))));
  return leases.claim(kind, value, journal.owner());
}

Result<CategoryPair> claim_categories(const Leases& leases, Journal& journal, RandomNumbers& random) {
  const auto text_at = [](std::uint32_t index) { return CategoryPair::at(index)->text(); };
  return CategoryPair::at(IMMURE_TRY(claim_random(leases, journal, random, LeaseKind::categories,
                                                  category_pair_count, "category pairs", text_at)));
}

Result<std::uint32_t> claim_uids(const Leases& leases, Journal& journal, RandomNumbers& random,
                                 std::uint32_t base, std::uint32_t count) {
  const auto text_at = [base](std::uint32_t index) { return std::to_string(base + 2 * index); };
  return base + 2 * IMMURE_TRY(claim_random(leases, journal, random, LeaseKind::uid, count / 2, "uid pairs",
                                            text_at));
}

}  // namespace immure::selinux
