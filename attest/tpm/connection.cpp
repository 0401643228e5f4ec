#include "attest/tpm/connection.hpp"

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "attest/tpm/descriptor_tcti.hpp"

namespace immure::attest::tpm {
namespace {

/// The TCTI is ours to free until ESYS has it, and then with it.
Result<ESYS_CONTEXT*> start(TSS2_TCTI_CONTEXT* tcti, void (*free_tcti)(TSS2_TCTI_CONTEXT*)) {
  ESYS_CONTEXT* esys = nullptr;
  const auto started = checked_tpm(::Esys_Initialize(&esys, tcti, nullptr), "start ESYS");
  if (!started) {
    free_tcti(tcti);
    return std::unexpected(started.error());
  }
  return esys;
}

void free_loaded(TSS2_TCTI_CONTEXT* tcti) { ::Tss2_TctiLdr_Finalize(&tcti); }

}  // namespace

Result<void> checked_tpm(TSS2_RC code, std::string_view what) {
  if (code == TSS2_RC_SUCCESS) return {};
  return invalid(std::string(what) + ": TPM: " + ::Tss2_RC_Decode(code));
}

void FreeContext::operator()(ESYS_CONTEXT* context) const {
  TSS2_TCTI_CONTEXT* tcti = nullptr;
  (void)::Esys_GetTcti(context, &tcti);
  ::Esys_Finalize(&context);
  if (tcti == nullptr) return;
  if (is_descriptor_tcti(tcti)) {
    free_descriptor_tcti(tcti);
  } else {
    free_loaded(tcti);
  }
}

Result<Connection> Connection::open(const std::string& tcti) {
  // The libraries write to standard error by themselves, what we say again.
  ::setenv("TSS2_LOG", "all+NONE", 0);
  TSS2_TCTI_CONTEXT* loaded = nullptr;
  IMMURE_TRY(checked_tpm(::Tss2_TctiLdr_Initialize(tcti.c_str(), &loaded), "reach the TPM by " + tcti));
  return Connection(IMMURE_TRY(start(loaded, free_loaded)));
}

Result<Connection> Connection::over(UniqueFd device) {
  ::setenv("TSS2_LOG", "all+NONE", 0);
  return Connection(IMMURE_TRY(start(make_descriptor_tcti(std::move(device)), free_descriptor_tcti)));
}

}  // namespace immure::attest::tpm
