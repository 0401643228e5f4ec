#include "attest/tpm/descriptor_tcti.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <unistd.h>

namespace immure::attest::tpm {
namespace {

constexpr std::uint64_t our_magic = 0x696d6d7572654644;  // "immureFD"
constexpr std::size_t largest_answer = 4096;             // TPM_BUFSIZE in drivers/char/tpm/tpm.h

/// tpm2-tss calls through the functions in its front: TSS 2.0 TPM Command Transmission Interface, 3.
struct DescriptorTcti {
  TSS2_TCTI_CONTEXT_COMMON_V2 common{};
  UniqueFd device;
  /// The kernel gives an answer away with one read, so one that is asked for twice is kept.
  std::array<std::uint8_t, largest_answer> answer{};
  std::size_t answer_size = 0;
};

DescriptorTcti* ours(TSS2_TCTI_CONTEXT* tcti) { return reinterpret_cast<DescriptorTcti*>(tcti); }

TSS2_RC transmit(TSS2_TCTI_CONTEXT* tcti, std::size_t size, const std::uint8_t* command) {
  if (!is_descriptor_tcti(tcti)) return TSS2_TCTI_RC_BAD_CONTEXT;
  ours(tcti)->answer_size = 0;
  ssize_t written = 0;
  do {
    written = ::write(ours(tcti)->device.get(), command, size);
  } while (written < 0 && errno == EINTR);
  return written == static_cast<ssize_t>(size) ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_IO_ERROR;
}

TSS2_RC receive(TSS2_TCTI_CONTEXT* tcti, std::size_t* size, std::uint8_t* into, std::int32_t /*timeout*/) {
  if (!is_descriptor_tcti(tcti)) return TSS2_TCTI_RC_BAD_CONTEXT;
  auto& self = *ours(tcti);
  if (self.answer_size == 0) {
    ssize_t n = 0;
    do {
      n = ::read(self.device.get(), self.answer.data(), self.answer.size());
    } while (n < 0 && errno == EINTR);
    if (n <= 0) return TSS2_TCTI_RC_IO_ERROR;
    self.answer_size = static_cast<std::size_t>(n);
  }
  const auto room = *size;
  *size = self.answer_size;
  if (into == nullptr) return TSS2_RC_SUCCESS;
  if (room < self.answer_size) return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
  std::memcpy(into, self.answer.data(), self.answer_size);
  self.answer_size = 0;
  return TSS2_RC_SUCCESS;
}

void finalize(TSS2_TCTI_CONTEXT* /*tcti*/) {}
TSS2_RC cancel(TSS2_TCTI_CONTEXT* /*tcti*/) { return TSS2_TCTI_RC_NOT_IMPLEMENTED; }
TSS2_RC poll_handles(TSS2_TCTI_CONTEXT* /*tcti*/, TSS2_TCTI_POLL_HANDLE* /*handles*/,
                     std::size_t* /*count*/) {
  return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}
TSS2_RC set_locality(TSS2_TCTI_CONTEXT* /*tcti*/, std::uint8_t /*locality*/) {
  return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}
TSS2_RC make_sticky(TSS2_TCTI_CONTEXT* /*tcti*/, TPM2_HANDLE* /*handle*/, std::uint8_t /*sticky*/) {
  return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

}  // namespace

TSS2_TCTI_CONTEXT* make_descriptor_tcti(UniqueFd device) {
  auto* self = new DescriptorTcti;
  self->device = std::move(device);
  auto& v1 = self->common.v1;
  v1.magic = our_magic;
  v1.version = 2;
  v1.transmit = transmit;
  v1.receive = receive;
  v1.finalize = finalize;
  v1.cancel = cancel;
  v1.getPollHandles = poll_handles;
  v1.setLocality = set_locality;
  self->common.makeSticky = make_sticky;
  return reinterpret_cast<TSS2_TCTI_CONTEXT*>(self);
}

bool is_descriptor_tcti(const TSS2_TCTI_CONTEXT* tcti) {
  return tcti != nullptr && reinterpret_cast<const TSS2_TCTI_CONTEXT_COMMON_V1*>(tcti)->magic == our_magic;
}

void free_descriptor_tcti(TSS2_TCTI_CONTEXT* tcti) { delete ours(tcti); }

}  // namespace immure::attest::tpm
