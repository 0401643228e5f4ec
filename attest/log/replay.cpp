#include "attest/log/replay.hpp"

#include <span>

namespace immure::attest::log {
namespace {

ByteVector joined(Bytes a, Bytes b) {
  ByteVector out(a.begin(), a.end());
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

}  // namespace

Result<PcrValue> extend(const PcrValue& value, const measure::Digests& digests) {
  return PcrValue{.sha256 = IMMURE_TRY(sha256(joined(value.sha256, digests.sha256))),
                  .sha384 = IMMURE_TRY(sha384(joined(value.sha384, digests.sha384)))};
}

Result<std::map<std::uint32_t, PcrValue>> replay(const std::vector<Record>& records) {
  std::map<std::uint32_t, PcrValue> values;
  for (const auto& record : records) {
    if (record.nv_index != 0) continue;
    auto& value = values[record.pcr];
    value = IMMURE_TRY(extend(value, record.digests));
  }
  return values;
}

}  // namespace immure::attest::log
