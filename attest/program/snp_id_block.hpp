#pragma once

#include <cstdint>
#include <string>

#include "attest/program/failure.hpp"
#include "attest/program/output_format.hpp"
#include "attest/program/private_key_file.hpp"

namespace immure::attest {

struct SnpIdBlockOptions {
  std::string digest;      ///< 96 hexadecimal digits
  std::string id_key;      ///< path
  std::string author_key;  ///< path, or empty
  std::string family_id;   ///< 32 hexadecimal digits, or empty: zero
  std::string image_id;
  std::uint32_t guest_svn = 0;
  std::uint64_t policy = 0x30000;
  SharedKey shared_key = SharedKey::refused;
  OutputFormat format = OutputFormat::text;
};

/// Prints the id block and its authentication in base64, as QEMU takes them, and the digests of the keys.
Expected<ExitCode> snp_id_block(const SnpIdBlockOptions& options);

}  // namespace immure::attest
