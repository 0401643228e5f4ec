#include "attest/log/json_seq.hpp"

#include <nlohmann/json.hpp>

namespace immure::attest::log {
namespace {

using Json = nlohmann::ordered_json;

Json record_json(const Record& record) {
  Json content{{"eventType", measure::name_of(record.event.kind)}, {"name", record.event.name}};
  for (const auto& field : record.event.fields) content[field.key] = field.value;
  Json digests = Json::array();
  digests.push_back({{"hashAlg", "sha256"}, {"digest", to_hex(record.digests.sha256)}});
  digests.push_back({{"hashAlg", "sha384"}, {"digest", to_hex(record.digests.sha384)}});
  return {{"pcr", record.pcr},
          {"digests", std::move(digests)},
          {"content_type", "immure"},
          {"content", std::move(content)}};
}

}  // namespace

std::string write_json_seq(const std::vector<Record>& records) {
  std::string out;
  for (const auto& record : records) {
    out += "\x1e" + record_json(record).dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
  }
  return out;
}

}  // namespace immure::attest::log
