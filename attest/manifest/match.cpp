#include "attest/manifest/match.hpp"

#include <algorithm>

namespace immure::attest::manifest {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

Result<std::string> match_unmeasured(const Statement& statement, const std::string& name) {
  if (!contains(statement.unmeasured, name)) return invalid("it is writable here, but not in the manifest");
  return "writable and unmeasured, as the manifest says";
}

Result<std::string> match(const Statement& statement, const measure::Event& event) {
  const auto digests = measure::digests_of(event);
  if (digests.empty()) return match_unmeasured(statement, event.name);
  if (contains(statement.unmeasured, event.name)) return invalid("it is writable in the manifest");
  const auto subject = statement.subjects.find(event.name);
  if (subject == statement.subjects.end()) return invalid("the manifest does not name it");
  Statement::DigestSet found;
  for (const auto& field : digests) found[field.key] = field.value;
  if (found != subject->second) {
    const auto& [algorithm, value] = *found.begin();
    const auto wanted = subject->second.find(algorithm);
    return invalid("it is " + algorithm + " " + value + ", and the manifest says " +
                   (wanted == subject->second.end() ? "a digest of another algorithm" : wanted->second));
  }
  return "the digests are equal";
}

Result<std::string> match_all(const Statement& statement, const std::vector<measure::Event>& measured) {
  std::vector<std::string> names;
  for (const auto& event : measured) {
    if (event.kind == measure::EventKind::code) names.push_back(event.name);
  }
  for (const auto& [name, digests] : statement.subjects) {
    if (!contains(names, name)) return invalid("the guest has no " + name + ", which the manifest names");
  }
  for (const auto& name : statement.unmeasured) {
    if (!contains(names, name)) return invalid("the guest has no " + name + ", which the manifest names");
  }
  return "the manifest names nothing else";
}

}  // namespace

void match_files(const std::optional<Statement>& statement, const std::vector<measure::Event>& measured,
                 CheckList& checks) {
  constexpr auto no_statement = "there is no statement to compare with";
  for (const auto& event : measured) {
    if (event.kind != measure::EventKind::code) continue;
    const auto name = "file-" + event.name;
    if (statement) {
      checks.add(name, CheckKind::policy, match(*statement, event));
    } else {
      checks.skip(name, CheckKind::policy, no_statement);
    }
  }
  if (statement) {
    checks.add("complete", CheckKind::policy, match_all(*statement, measured));
  } else {
    checks.skip("complete", CheckKind::policy, no_statement);
  }
}

}  // namespace immure::attest::manifest
