#pragma once

#include <string>
#include <vector>

#include "attest/snp/launch_digest.hpp"

namespace immure::attest::snp {

/// One input that has to be another for the digest to come out as expected.
struct Difference {
  std::string input;     ///< "vCPUs", "CPU type", "guest features", "VMM", "kernel", "initrd", "command line"
  std::string expected;  ///< what gives the expected digest, in words
  std::string given;     ///< what was given
};

struct Explanation {
  bool found = false;                   ///< the expected digest was reached
  std::vector<Difference> differences;  ///< the fewest that reach it; none: the digest is as expected
  std::size_t tried = 0;                ///< digests that were computed
};

/// Searches the neighbourhood of `inputs` (without an SVSM) for the digest: 1 to 256 vCPUs, every CPU type,
/// the other guest features that are in use, each VMM, without kernel or initrd, and command lines that
/// differ in white space at their ends. An Error where the firmware cannot be measured.
Result<Explanation> explain_digest(const LaunchInputs& inputs, const Sha384Digest& expected);

}  // namespace immure::attest::snp
