#pragma once

#include <optional>
#include <string>

#include "attest/manifest/verify.hpp"
#include "attest/program/input_file.hpp"

namespace immure::attest {

/// One byte more than a manifest may have is for its check to refuse, not for the open.
inline constexpr std::size_t largest_manifest = 2 << 20;
inline constexpr std::size_t largest_key_file = 1 << 20;
inline constexpr std::size_t largest_revocations = 4 << 20;

/// A manifest and what says whether it counts: open files, not read yet.
struct ManifestInputs {
  InputFile manifest;
  InputDirectory keys;
  std::string keys_name;  ///< for messages
  std::optional<InputFile> revoked;
};

/// Reads them: after confine(). bad_specification where there is no key, or the list of revocations is none.
/// `at` and `measured` are the caller's to add.
Expected<manifest::Question> read_manifest_inputs(const ManifestInputs& inputs);

}  // namespace immure::attest
