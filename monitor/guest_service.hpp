#pragma once

#include <optional>
#include <string>
#include <variant>

#include "policy/control_message.hpp"
#include "policy/statistics_message.hpp"
#include "policy/vmm_record.hpp"

namespace immure::monitor {

struct VarlinkCall;

/// Where the guest's VMM is, as it said itself.
enum class GuestPhase : std::uint8_t { starting, running, ended };
struct GuestFacts {
  policy::VmmRecord record;  ///< the launcher's word: what the machine consists of
  GuestPhase phase = GuestPhase::starting;
  std::uint64_t starts = 0;  ///< VMMs that said that they began
};

/// What the VMM is asked for a client.
struct VmmRequest {
  policy::ControlKind kind{};
  std::uint64_t value = 0;
  policy::LimitChange limit{};
};
struct Subscription {};

/// What a call leads to: an answer, at once; a request to the VMM; or events from now on.
using Decision = std::variant<std::string, VmmRequest, Subscription>;

/// What the interfaces io.immure.Guest (io.immure.Guest.varlink) and org.varlink.service make of a call.
/// Pure: every text in it may be a hostile client's.
Decision decide(const VarlinkCall& call, const GuestFacts& facts);

/// The answer once the VMM has given its own: `result` is 0 or an errno, statistics are there where they were
/// asked for, and checked.
std::string answer_text(const VmmRequest& request, std::int32_t result,
                        const policy::StatisticsMessage* statistics, const GuestFacts& facts);

/// What subscribers are told. A request: the VMM has carried it out.
std::string subscribed_text();
std::string started_text();
std::string ended_text(policy::EndCause cause);
/// Nothing where subscribers are not told of it.
std::optional<std::string> event_text(const VmmRequest& request);

}  // namespace immure::monitor
