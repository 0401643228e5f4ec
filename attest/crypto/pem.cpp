#include "attest/crypto/pem.hpp"

#include <climits>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "attest/crypto/errors.hpp"
#include "attest/crypto/handles.hpp"

namespace immure::attest {
namespace {

std::optional<PemBlock> next_block(BIO* text) {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (::PEM_read_bio(text, &label, &header, &data, &size) != 1) {
    ::ERR_clear_error();
    return std::nullopt;
  }
  PemBlock block{.label = label, .header = header, .bytes = {data, data + size}};
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return block;
}

}  // namespace

Result<std::vector<PemBlock>> pem_blocks(Bytes text, std::size_t most) {
  if (text.empty()) return std::vector<PemBlock>{};
  if (text.size() > INT_MAX) return invalid("too long");
  const BioHandle source(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!source) return openssl_error("read PEM");
  std::vector<PemBlock> out;
  while (out.size() < most) {
    auto block = next_block(source.get());
    if (!block) break;
    out.push_back(*std::move(block));
  }
  return out;
}

}  // namespace immure::attest
