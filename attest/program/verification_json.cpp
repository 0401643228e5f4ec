#include "attest/program/check_output.hpp"
#include "attest/program/verification_text.hpp"

namespace immure::attest {
namespace {

using Json = nlohmann::ordered_json;
using snp::Product;
using snp::Report;

/// By part where the product is known and the reserved bytes are zero; the bytes in any case.
Json tcb_json(const snp::RawTcb& raw, const std::optional<Product>& product) {
  Json out{{"raw", to_hex(raw)}};
  if (!product) return out;
  const auto tcb = snp::Tcb::decode(*product, raw);
  if (!tcb) return out;
  for (const auto part : snp::tcb_parts_of(*product)) out[std::string(name_of(part))] = tcb->get(part);
  return out;
}

Json guest_policy_json(std::uint64_t policy) {
  const auto bit = [policy](unsigned number) { return (policy >> number & 1U) != 0; };
  return {{"raw", policy},
          {"abi_major", policy >> 8 & 0xff},
          {"abi_minor", policy & 0xff},
          {"smt_allowed", bit(16)},
          {"migration_agent_allowed", bit(18)},
          {"debug_allowed", bit(19)},
          {"single_socket_required", bit(20)},
          {"cxl_allowed", bit(21)},
          {"aes_256_xts_required", bit(22)},
          {"rapl_must_be_disabled", bit(23)},
          {"ciphertext_hiding_required", bit(24)},
          {"page_swap_disabled", bit(25)}};
}

Json platform_json(const Report& report) {
  Json out{{"raw", report.platform_info}};
  for (const auto bit : snp::all_platform_bits()) out[std::string(name_of(bit))] = has(report, bit);
  return out;
}

std::string firmware_version(const std::array<std::uint8_t, 3>& version) {
  return std::to_string(version[2]) + "." + std::to_string(version[1]) + "." + std::to_string(version[0]);
}

std::string_view signing_key_name(const Report& report) {
  switch (signing_key_of(report)) {
    case snp::SigningKey::vcek:
      return "vcek";
    case snp::SigningKey::vlek:
      return "vlek";
    case snp::SigningKey::none:
      return "none";
  }
  return "unknown";
}

Json report_json(const Report& report, const std::optional<Product>& product) {
  Json out{{"version", report.version},
           {"product", product ? Json(name_of(*product)) : Json(nullptr)},
           {"guest_svn", report.guest_svn},
           {"guest_policy", guest_policy_json(report.policy)},
           {"family_id", to_hex(report.family_id)},
           {"image_id", to_hex(report.image_id)},
           {"vmpl", report.vmpl},
           {"platform_info", platform_json(report)},
           {"signing_key", signing_key_name(report)},
           {"author_key_enabled", (report.key_info & 1U) != 0},
           {"chip_key_masked", (report.key_info & 2U) != 0},
           {"report_data", to_hex(report.report_data)},
           {"measurement", to_hex(report.measurement)},
           {"host_data", to_hex(report.host_data)},
           {"id_key_digest", to_hex(report.id_key_digest)},
           {"author_key_digest", to_hex(report.author_key_digest)},
           {"report_id", to_hex(report.report_id)},
           {"report_id_ma", to_hex(report.report_id_ma)},
           {"chip_id", to_hex(report.chip_id)},
           {"current_tcb", tcb_json(report.current_tcb, product)},
           {"reported_tcb", tcb_json(report.reported_tcb, product)},
           {"committed_tcb", tcb_json(report.committed_tcb, product)},
           {"launch_tcb", tcb_json(report.launch_tcb, product)},
           {"current_version", firmware_version(report.current_version)},
           {"committed_version", firmware_version(report.committed_version)}};
  if (report.version >= 3) {
    out["cpu"] = {
        {"family", report.cpu_family}, {"model", report.cpu_model}, {"stepping", report.cpu_stepping}};
  }
  if (report.version >= 5) {
    out["launch_mitigations"] = report.launch_mitigations;
    out["current_mitigations"] = report.current_mitigations;
  }
  return out;
}

}  // namespace

std::string verification_json(const snp::Verification& verification) {
  const Json out{{"checks", checks_json(verification.checks)},
                 {"report", verification.report ? report_json(*verification.report, verification.product)
                                                : Json(nullptr)}};
  return out.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace immure::attest
