#include "attest/manifest/statement.hpp"

#include <algorithm>

#include "attest/json/strict_json.hpp"
#include "attest/x509/time_text.hpp"

namespace immure::attest::manifest {
namespace {

using OrderedJson = nlohmann::ordered_json;
using std::chrono::sys_seconds;

Result<std::pair<std::string, Statement::DigestSet>> parse_subject(const StrictJson& json) {
  constexpr auto what = "a subject";
  IMMURE_TRY(require_members(json, {"name", "digest"}, what));
  auto name = IMMURE_TRY(text_member(json, "name", what));
  const auto& digest = json.at("digest");
  if (name.empty() || !digest.is_object() || digest.empty()) {
    return invalid("a subject has no name or no digest");
  }
  // As an event, each digest is one that is known, and is written in lower-case hexadecimal.
  measure::Event event{.kind = measure::EventKind::code, .name = name, .fields = {}};
  for (const auto& [algorithm, value] : digest.items()) {
    if (!value.is_string()) return invalid("a subject's digest is not a text");
    event.fields.push_back({algorithm, value.get<std::string>()});
  }
  if (IMMURE_TRY(measure::parse_event_text(event.kind, measure::event_text(event))) != event) {
    return invalid("a subject holds a line break");
  }
  Statement::DigestSet set;
  for (const auto& field : measure::digests_of(event)) set[field.key] = field.value;
  if (set.size() != event.fields.size()) return invalid("a subject has a digest of an unknown algorithm");
  return std::pair(std::move(name), std::move(set));
}

Result<void> parse_subjects(const StrictJson& json, Statement& out) {
  if (!json.is_array() || json.empty() || json.size() > Statement::most_subjects) {
    return invalid("the statement has no subject, or more than 256");
  }
  for (const auto& subject : json) {
    if (!out.subjects.insert(IMMURE_TRY(parse_subject(subject))).second) {
      return invalid("a subject is there twice");
    }
  }
  return {};
}

Result<sys_seconds> time_member(const StrictJson& json, const std::string& name) {
  const auto text = IMMURE_TRY(text_member(json, name, "the predicate"));
  const auto time = parse_time(text);
  if (!time || time_text(*time) != text) return invalid("the predicate: \"" + name + "\" is no time");
  return *time;
}

Result<void> parse_predicate(const StrictJson& json, Statement& out) {
  constexpr auto what = "the predicate";
  if (json.is_object() && json.contains("expires")) {
    IMMURE_TRY(require_members(json, {"unmeasured", "issued", "expires"}, what));
    out.expires = IMMURE_TRY(time_member(json, "expires"));
  } else {
    IMMURE_TRY(require_members(json, {"unmeasured", "issued"}, what));
  }
  out.issued = IMMURE_TRY(time_member(json, "issued"));
  const auto& unmeasured = json.at("unmeasured");
  if (!unmeasured.is_array() || unmeasured.size() > Statement::most_subjects) {
    return invalid("the predicate: \"unmeasured\" is not an array, or too long");
  }
  for (const auto& name : unmeasured) {
    if (!name.is_string()) return invalid("the predicate: \"unmeasured\" holds something else than names");
    out.unmeasured.push_back(name.get<std::string>());
  }
  return {};
}

}  // namespace

Statement make_statement(const std::vector<measure::Event>& events, sys_seconds issued,
                         std::optional<sys_seconds> expires) {
  Statement out{.subjects = {}, .unmeasured = {}, .issued = issued, .expires = expires};
  for (const auto& event : events) {
    if (event.kind != measure::EventKind::code) continue;
    const auto digests = measure::digests_of(event);
    if (digests.empty()) out.unmeasured.push_back(event.name);
    for (const auto& field : digests) out.subjects[event.name][field.key] = field.value;
  }
  return out;
}

std::string write_statement(const Statement& statement) {
  OrderedJson subjects = OrderedJson::array();
  for (const auto& [name, digests] : statement.subjects) {
    subjects.push_back({{"name", name}, {"digest", digests}});
  }
  OrderedJson predicate{{"unmeasured", statement.unmeasured}, {"issued", time_text(statement.issued)}};
  if (statement.expires) predicate["expires"] = time_text(*statement.expires);
  const OrderedJson out{{"_type", statement_type},
                        {"subject", std::move(subjects)},
                        {"predicateType", predicate_type},
                        {"predicate", std::move(predicate)}};
  return out.dump(-1, ' ', true, OrderedJson::error_handler_t::replace);
}

Result<Statement> parse_statement(std::string_view text) {
  constexpr auto what = "the statement";
  constexpr int depth = 4;
  const auto json = IMMURE_TRY(parse_strict_json(text, {.bytes = 1 << 20, .depth = depth}));
  IMMURE_TRY(require_members(json, {"_type", "subject", "predicateType", "predicate"}, what));
  if (IMMURE_TRY(text_member(json, "_type", what)) != statement_type) {
    return invalid("it is not an in-toto statement of version 1");
  }
  if (IMMURE_TRY(text_member(json, "predicateType", what)) != predicate_type) {
    return invalid("it is an in-toto statement on something else than a guest");
  }
  Statement out;
  IMMURE_TRY(parse_subjects(json.at("subject"), out));
  IMMURE_TRY(parse_predicate(json.at("predicate"), out));
  return out;
}

}  // namespace immure::attest::manifest
