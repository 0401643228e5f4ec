#pragma once

#include <optional>
#include <span>

#include "attest/snp/endorsement.hpp"
#include "attest/snp/report.hpp"

namespace immure::attest::snp {

/// The certificates that a report is to be judged by; empty where none was found.
struct Chain {
  std::optional<Certificate> ark;   ///< AMD's root key
  std::optional<Certificate> ask;   ///< what it signed: the ASK, or the ASVK in a VLEK chain
  std::optional<Certificate> leaf;  ///< VCEK or VLEK
};

/// Picks from any heap of certificates: the leaf of the right kind that signed the report, what signed the
/// leaf, and what signed that; a root with the key `trusted` first. Where no signature fits, what fits by
/// name is taken, so that the checks can say what is wrong. Picking proves nothing: the checks do.
Chain find_chain(std::span<const Certificate> heap, EndorsementKey kind, Bytes signed_bytes,
                 const AmdSignature& signature, const Sha384Digest& trusted);

}  // namespace immure::attest::snp
