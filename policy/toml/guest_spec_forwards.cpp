#include <algorithm>
#include <span>

#include "policy/toml/guest_spec_reader.hpp"

// A network through passt, and which ports of the host lead to the guest.

namespace immure::policy::toml_text {
namespace {

const Key passt_key{"passt", "true or false; at most one network of a guest goes through passt"};
const Key forward_key{"forward", "an array of at most " + std::to_string(max_forwards) +
                                     " texts \"PROTOCOL:ADDRESS:PORT:GUEST-PORT\", as "
                                     "\"tcp:127.0.0.1:8080:80\"; only where passt = true"};

}  // namespace

bool GuestSpecReader::read_passt(TableReader& net, NetRecord& record, std::span<const NetRecord> earlier) {
  const auto passt = net.boolean(passt_key).value_or(false);
  const auto forwards = net.texts(forward_key);
  if (!passt) {
    if (!forwards.empty()) net.reject(forward_key, "a tap or a bridge forwards no ports");
    return false;
  }
  record.kind = NetKind::passt;
  if (std::ranges::find(earlier, NetKind::passt, &NetRecord::kind) != earlier.end())
    net.reject(passt_key, "another network of the guest goes through passt already");
  for (const auto text : forwards) {
    if (record.forward_count == max_forwards) {
      net.reject(forward_key, std::to_string(forwards.size()) + " are too many");
      break;
    }
    auto forward = parse_forward(text);
    const auto checked = forward ? check(*forward, quoted(text)) : Result<void>();
    const auto taken = std::span(record.forwards).first(record.forward_count);
    if (!forward) {
      net.reject(forward_key, quoted(text) + ": " + forward.error().message);
    } else if (!checked) {
      net.reject(forward_key, checked.error().message);
    } else if (std::ranges::any_of(taken, [&](const auto& other) { return collide(other, *forward); })) {
      net.reject(forward_key, quoted(text) + " takes a port of the host that another one takes");
    } else {
      record.forwards.at(record.forward_count++) = *forward;
    }
  }
  return true;
}

}  // namespace immure::policy::toml_text
