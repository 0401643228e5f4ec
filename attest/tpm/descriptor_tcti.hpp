#pragma once

#include <tss2/tss2_tcti.h>

#include "base/unique_fd.hpp"

namespace immure::attest::tpm {

/// A TCTI over an open TPM device (/dev/tpmrm0): each command is one write(2), its answer one read(2).
/// tpm2-tss has one that opens the device by its path, which a confined program cannot do.
TSS2_TCTI_CONTEXT* make_descriptor_tcti(UniqueFd device);

/// Whether make_descriptor_tcti() made it.
bool is_descriptor_tcti(const TSS2_TCTI_CONTEXT* tcti);
void free_descriptor_tcti(TSS2_TCTI_CONTEXT* tcti);

}  // namespace immure::attest::tpm
