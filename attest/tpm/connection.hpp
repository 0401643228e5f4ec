#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <tss2/tss2_esys.h>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace immure::attest::tpm {

/// "WHAT: the TPM's reason". `code` is what a function of tpm2-tss yields; 0 is success.
Result<void> checked_tpm(TSS2_RC code, std::string_view what);

/// Frees what tpm2-tss allocates for its answers.
struct FreeAnswer {
  void operator()(void* answer) const { ::Esys_Free(answer); }
};
template <typename T>
using AnswerOf = std::unique_ptr<T, FreeAnswer>;

struct FreeContext {
  void operator()(ESYS_CONTEXT* context) const;
};

/// A TPM that commands can be sent to.
class Connection {
 public:
  /// By the name of a TCTI and its options, as the tools of tpm2-tss take it: "device:/dev/tpmrm0", "tabrmd",
  /// "swtpm:host=127.0.0.1,port=2321", "swtpm:path=/run/swtpm.sock". It is loaded as a library.
  static Result<Connection> open(const std::string& tcti);
  /// Over a device that is open already: what a confined program can do.
  static Result<Connection> over(UniqueFd device);

  [[nodiscard]] ESYS_CONTEXT* esys() const { return esys_.get(); }

 private:
  explicit Connection(ESYS_CONTEXT* esys) : esys_(esys) {}

  std::unique_ptr<ESYS_CONTEXT, FreeContext> esys_;
};

/// An object that the TPM has loaded: it has room for few, so each is flushed when it is no longer used.
class Loaded {
 public:
  Loaded(const Connection& tpm, ESYS_TR handle) : esys_(tpm.esys()), handle_(handle) {}
  Loaded(Loaded&& other) noexcept : esys_(other.esys_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)) {}
  Loaded& operator=(Loaded&&) = delete;
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;
  ~Loaded() {
    if (handle_ != ESYS_TR_NONE) (void)::Esys_FlushContext(esys_, handle_);
  }
  [[nodiscard]] ESYS_TR handle() const { return handle_; }

 private:
  ESYS_CONTEXT* esys_;
  ESYS_TR handle_;
};

}  // namespace immure::attest::tpm
