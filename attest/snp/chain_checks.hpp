#pragma once

#include "attest/snp/chain.hpp"
#include "attest/snp/verify.hpp"

namespace immure::attest::snp {

struct ChainQuestion {
  const Evidence& evidence;
  Product product;
  EndorsementKey kind;
  const Report& report;
};

/// From the root to the report's signature: root-of-trust, ark, ask, endorsement-key, certificate-product,
/// report-signature. Yields the chain that was judged.
Chain check_chain(const ChainQuestion& question, CheckList& checks);
void skip_chain_checks(std::string_view why, CheckList& checks);

}  // namespace immure::attest::snp
