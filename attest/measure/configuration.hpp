#pragma once

#include <string>

#include "policy/guest_record.hpp"

namespace immure::attest::measure {

/// The canonical configuration: what the guest's machine is, written in one way only, so that its digest is
/// the same on every host. One "KEY=VALUE\n" for each field of the record, in the record's order; numbers in
/// decimal, sizes in bytes, switches "on" or "off". Host paths, host interfaces, MAC addresses, name and uuid
/// are not in it: they are not the same at every launch (docs/attestation.md).
std::string canonical_configuration(const policy::GuestRecord& record);

}  // namespace immure::attest::measure
