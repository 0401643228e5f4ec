#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs_verity.hpp"
#include "policy/attestation_rules.hpp"
#include "policy/exit_codes.hpp"

namespace immure::policy {

/// The descriptors of `immure-attest measure-launch`: the very files that are handed over to the VMM, and
/// what the host's owner says of signatures. Standard input is the GuestRecord in a sealed memfd, standard
/// output takes the Measurement. Its arguments are the PCR, the NV index or 0, and what fs-verity said of
/// kernel and initrd.
namespace measure_fd {
constexpr int kernel = 3;
constexpr int initrd = 4;  ///< open where the guest has one
constexpr int vmm = 5;
constexpr int manifest = 6;  ///< open, as the next one, where the guest names a manifest
constexpr int signers = 7;
constexpr int revoked = 8;      ///< open where the host policy has such a list
constexpr int tpm = 9;          ///< open, as the next one, where the launch is to be recorded: the device
constexpr int log = 10;         ///< its event log, CEL-TLV, appended to
constexpr int digests = 11;     ///< those that are known already, appended to
constexpr int first_disk = 16;  ///< read-only disk i is first_disk + i
}  // namespace measure_fd

/// How a file is known. hashes: all of its bytes by SHA-256 and SHA-384. dm_verity: by the root hash of a
/// tree whose blocks the guest checks. writable: not at all.
enum class MeasuredBy : std::uint32_t {
  hashes = 1,
  fs_verity_sha256 = 2,
  fs_verity_sha512 = 3,
  writable = 4,
  dm_verity_sha256 = 5,
  dm_verity_sha512 = 6
};

/// What a file is measured by that is not hashed as a whole, as records and logs name it: "dm-verity-sha256".
/// Empty for hashes and writable.
std::string_view verity_name(MeasuredBy by);

/// One code event of a launch (docs/attestation.md). What `by` does not stand for is zero.
struct MeasuredItem {
  BoundedString<64> name;  ///< "kernel", "seccomp:launch", "disk:root"
  MeasuredBy by{};
  std::uint32_t reserved = 0;
  std::uint64_t size = 0;  ///< bytes; 0 for what is writable
  std::array<std::uint8_t, 32> sha256{};
  std::array<std::uint8_t, 48> sha384{};
  std::array<std::uint8_t, 64> verity{};  ///< the digest or root hash by fs-verity or dm-verity
};

/// The command line of `immure-attest` for a launch on a host with these rules, of a guest whose kernel and
/// initrd were under fs-verity or not.
std::vector<std::string> measure_arguments(const AttestationRules& rules,
                                           const std::optional<FsVerity>& kernel,
                                           const std::optional<FsVerity>& initrd);

/// What the TPM was told since the host's boot, as its PCRs begin anew with each.
constexpr const char* event_log_path = "/run/immure/events.cel";
/// What was hashed since then, so that it is hashed once.
constexpr const char* digest_cache_path = "/run/immure/digests";

using KeyId = std::array<std::uint8_t, 32>;  ///< SHA-256 of a SubjectPublicKeyInfo

constexpr std::uint32_t max_measured_items = max_disks + 16;
constexpr std::uint32_t max_measured_signers = 4;

/// What a launch consists of, and whether whoever may say so allowed it.
struct Measurement {
  static constexpr std::uint32_t record_magic = 0x54'4d'4d'49;  // "IMMT"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;             ///< all zero: nothing was measured
  std::int32_t verdict = 0;        ///< an ExitCode; but for success, `message` says why
  std::uint32_t signer_count = 0;  ///< 0: no manifest was asked for
  std::uint32_t item_count = 0;
  std::uint32_t record_count = 0;  ///< of the events that the TPM has now; 0: it was not asked
  std::uint32_t pcr = 0;
  std::uint32_t nv_index = 0;  ///< where the TPM has them; 0: in the PCR
  std::array<KeyId, max_measured_signers> signers{};
  std::array<std::uint8_t, 32> manifest_sha256{};  ///< of the manifest's payload
  std::array<MeasuredItem, max_measured_items> items{};
  BoundedString<1024> message;
};

/// An Error unless it answers for this guest: it has an item for each of its files, and where the guest names
/// a manifest, somebody signed.
Result<void> check(const Measurement& measurement, const GuestRecord& guest);

/// The same, and all that the host policy asks for was done.
Result<void> check(const Measurement& measurement, const GuestRecord& guest, const AttestationRules& rules);

/// What `verity` has of the item, without the zeros behind it; empty where it is not measured by one.
std::span<const std::uint8_t> verity_digest(const MeasuredItem& item);

/// The item of this name; null where there is none.
const MeasuredItem* item_of(const Measurement& measurement, std::string_view name);

}  // namespace immure::policy
