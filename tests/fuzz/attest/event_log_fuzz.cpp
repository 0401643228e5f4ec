#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "attest/log/cel.hpp"
#include "attest/log/json_seq.hpp"
#include "attest/log/replay.hpp"

using namespace immure::attest;

// Any bytes as an event log: one that is read is what would be written, and can be replayed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  const auto records = log::parse_cel(input);
  if (!records) return 0;
  if (!std::ranges::equal(log::write_cel(*records), input)) std::abort();
  if (!log::replay(*records)) std::abort();
  (void)log::write_json_seq(*records);
  return 0;
}
