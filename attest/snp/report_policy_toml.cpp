#include <array>
#include <limits>

#include "attest/snp/report_policy.hpp"
#include "policy/toml/document.hpp"
#include "policy/toml/table_reader.hpp"

namespace immure::attest::snp {
namespace {

using policy::toml_text::Diagnostics;
using policy::toml_text::Key;
using policy::toml_text::quoted;
using policy::toml_text::TableReader;

struct DigestKey {
  const char* name;
  std::size_t bytes;
  std::vector<ByteVector> ReportPolicy::* list;
};

constexpr std::array digest_keys{
    DigestKey{"measurement", 48, &ReportPolicy::measurements},
    DigestKey{"host_data", 32, &ReportPolicy::host_data},
    DigestKey{"report_data", 64, &ReportPolicy::report_data},
    DigestKey{"chip_id", 64, &ReportPolicy::chip_ids},
    DigestKey{"id_key_digest", 48, &ReportPolicy::id_key_digests},
    DigestKey{"author_key_digest", 48, &ReportPolicy::author_key_digests},
};

constexpr std::array tcb_keys{TcbPart::fmc, TcbPart::bootloader, TcbPart::tee, TcbPart::snp,
                              TcbPart::microcode};

void read_digests(TableReader& root, const DigestKey& digest, ReportPolicy& policy) {
  const Key key{digest.name, "an array of one or more texts of " + std::to_string(2 * digest.bytes) +
                                 " hexadecimal digits"};
  const auto texts = root.texts(key);
  if (texts.empty() && root.has(digest.name)) root.reject(key, "an empty array is no rule");
  for (const auto text : texts) {
    auto bytes = from_hex(text);
    if (!bytes || bytes->size() != digest.bytes) {
      root.reject(key, quoted(text) + " is not one");
      continue;
    }
    (policy.*digest.list).push_back(*std::move(bytes));
  }
}

std::optional<std::uint32_t> read_number(TableReader& root, const char* name, const char* allowed,
                                         std::uint32_t most) {
  const auto value = root.whole_number({name, allowed}, {.least = 0, .most = most});
  if (!value) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

void read_tcb(TableReader table, std::map<TcbPart, std::uint8_t>& minimum) {
  for (const auto part : tcb_keys) {
    const auto value =
        table.whole_number({name_of(part), "a whole number from 0 to 255"}, {.least = 0, .most = 255});
    if (value) minimum[part] = static_cast<std::uint8_t>(*value);
  }
  table.finish();
}

void read_platform(TableReader table, ReportPolicy& policy) {
  for (const auto bit : all_platform_bits()) {
    if (const auto value = table.boolean({name_of(bit), "true or false"})) policy.platform_info[bit] = *value;
  }
  table.finish();
}

enum class Permission { refused, allowed };

/// Whether the key is there.
bool read_permission(TableReader& root, const char* name, Permission& permission) {
  const Key key{name, "\"refused\" or \"allowed\""};
  const auto text = root.text(key);
  if (!text) return false;
  if (*text == "allowed") {
    permission = Permission::allowed;
  } else if (*text != "refused") {
    root.reject(key, quoted(*text) + " is neither");
  }
  return true;
}

bool has_list_rule(const ReportPolicy& policy) {
  for (const auto& digest : digest_keys) {
    if (!(policy.*digest.list).empty()) return true;
  }
  return !policy.minimum_tcb.empty() || !policy.minimum_launch_tcb.empty() || !policy.platform_info.empty() ||
         policy.vmpl || policy.minimum_guest_svn;
}

}  // namespace

Result<ReportPolicy> parse_report_policy(std::string_view text, std::string_view file_name) {
  Diagnostics diagnostics(file_name);
  const auto document = policy::toml_text::parse_document(text, file_name, diagnostics);
  if (!document) return diagnostics.error();
  ReportPolicy policy;
  TableReader root(&*document, "", {}, diagnostics);
  for (const auto& digest : digest_keys) read_digests(root, digest, policy);
  policy.vmpl = read_number(root, "vmpl", "a whole number from 0 to 3", 3);
  policy.minimum_guest_svn = read_number(root, "minimum_guest_svn", "a whole number from 0 to 4294967295",
                                         std::numeric_limits<std::uint32_t>::max());
  auto debug = Permission::refused;
  const bool names_debug = read_permission(root, "debug", debug);
  auto provisional = Permission::refused;
  (void)read_permission(root, "provisional_firmware", provisional);
  read_tcb(root.table("minimum_tcb"), policy.minimum_tcb);
  read_tcb(root.table("minimum_launch_tcb"), policy.minimum_launch_tcb);
  read_platform(root.table("platform_info"), policy);
  root.finish();
  if (!diagnostics.empty()) return diagnostics.error();

  if (debug == Permission::allowed) policy.debug = ReportPolicy::Debug::allowed;
  if (provisional == Permission::allowed) policy.provisional_firmware = ReportPolicy::Provisional::allowed;
  const bool asks_for_debug = names_debug && debug == Permission::refused;
  if (!has_list_rule(policy) && !asks_for_debug) {
    return invalid(
        std::string(file_name) + ":1:1: a policy without a rule would pass everything; allowed: at least " +
        "one of measurement, host_data, report_data, chip_id, id_key_digest, author_key_digest, vmpl, " +
        "minimum_guest_svn, minimum_tcb, minimum_launch_tcb, platform_info, debug = \"refused\"");
  }
  return policy;
}

}  // namespace immure::attest::snp
