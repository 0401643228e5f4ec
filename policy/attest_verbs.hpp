#pragma once

#include <array>

namespace immure::policy {

/// A verb of the attestation module: `immure VERB ...` runs `immure-attest VERB ...`, which knows its
/// options.
struct AttestVerb {
  const char* name;
  const char* summary;
};

inline constexpr std::array attest_verbs{
    AttestVerb{"measure", "say what a launch would consist of, by digests"},
    AttestVerb{"sign", "sign what a guest may be started from"},
    AttestVerb{"verify-manifest", "check a signed manifest, and a guest against it"},
    AttestVerb{"tpm", "record launches in a TPM, make keys and quotes, seal secrets"},
    AttestVerb{"verify", "verify a quote of launches, far away from where they were"},
    AttestVerb{"report", "verify an SEV-SNP attestation report, offline"},
    AttestVerb{"snp", "compute, explain and sign the launch digest of an SEV-SNP guest"},
};

}  // namespace immure::policy
