#include "attest/snp/chain.hpp"

#include <algorithm>
#include <vector>

#include "attest/x509/amd_profile.hpp"

namespace immure::attest::snp {
namespace {

/// The candidate with the highest score; the first of equals; nothing where all scores are 0.
template <typename Score>
std::optional<Certificate> best(std::span<const Certificate> heap, Score score) {
  std::optional<Certificate> found;
  int best_score = 0;
  for (const auto& candidate : heap) {
    const int its_score = score(candidate);
    if (its_score <= best_score) continue;
    best_score = its_score;
    found = candidate;
  }
  return found;
}

/// 2: signed it. 1: has the name for it.
int fits_as_issuer(const Certificate& issuer, const Certificate& issued) {
  if (!issued.names_as_issuer(issuer)) return 0;
  return check_issued_by(issued, issuer) ? 2 : 1;
}

int fits_as_root(const Certificate& root, const Certificate& issued, const Sha384Digest& trusted) {
  const int fit = root.is_self_issued() ? fits_as_issuer(root, issued) : 0;
  const auto digest = root.public_key_digest();
  return fit == 0 ? 0 : 2 * fit + (digest && *digest == trusted ? 1 : 0);
}

}  // namespace

Chain find_chain(std::span<const Certificate> heap, EndorsementKey kind, Bytes signed_bytes,
                 const AmdSignature& signature, const Sha384Digest& trusted) {
  Chain chain;
  chain.leaf = best(heap, [&](const Certificate& candidate) {
    if (endorsement_key_of(candidate) != kind) return 0;
    return check_amd_signature(candidate.public_key(), signed_bytes, signature) ? 2 : 1;
  });
  if (!chain.leaf) return chain;
  chain.ask = best(heap, [&](const Certificate& candidate) {
    return candidate.is_self_issued() ? 0 : fits_as_issuer(candidate, *chain.leaf);
  });
  if (!chain.ask) return chain;
  chain.ark =
      best(heap, [&](const Certificate& candidate) { return fits_as_root(candidate, *chain.ask, trusted); });
  return chain;
}

}  // namespace immure::attest::snp
