#pragma once

#include <optional>
#include <vector>

#include "attest/manifest/statement.hpp"
#include "attest/report/check.hpp"

namespace immure::attest::manifest {

/// One check "file-NAME" for each code event, that its digests are the statement's, and "complete": the
/// statement has nothing that the guest lacks. All of CheckKind::policy; not evaluated without a statement.
void match_files(const std::optional<Statement>& statement, const std::vector<measure::Event>& measured,
                 CheckList& checks);

}  // namespace immure::attest::manifest
