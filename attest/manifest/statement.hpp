#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/measure/event.hpp"
#include "base/result.hpp"

namespace immure::attest::manifest {

inline constexpr std::string_view payload_type = "application/vnd.in-toto+json";
inline constexpr std::string_view statement_type = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view predicate_type = "urn:immure:guest-manifest:1";

/// What a manifest says: these files, and nothing else, may be started as this guest. An in-toto Statement
/// (github.com/in-toto/attestation, spec/v1/statement.md) with a predicate of our own.
struct Statement {
  static constexpr std::size_t most_subjects = 256;

  /// Digests by algorithm: as measure::Field has them.
  using DigestSet = std::map<std::string, std::string>;
  std::map<std::string, DigestSet> subjects;  ///< by the code event's name
  std::vector<std::string> unmeasured;        ///< code events without a digest: writable disks
  std::chrono::sys_seconds issued;
  std::optional<std::chrono::sys_seconds> expires;  ///< the first second at which it is no longer good
};

/// The code events as a statement.
Statement make_statement(const std::vector<measure::Event>& events, std::chrono::sys_seconds issued,
                         std::optional<std::chrono::sys_seconds> expires);

std::string write_statement(const Statement& statement);

/// An Error where anything in it is not understood: it might be a restriction.
Result<Statement> parse_statement(std::string_view json);

}  // namespace immure::attest::manifest
