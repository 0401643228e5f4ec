#include "attest/measure/digest_cache.hpp"

#include <algorithm>

#include "base/files.hpp"
#include "base/io.hpp"
#include "base/sealed_memfd.hpp"

namespace immure::attest::measure {
namespace {

struct Entry {
  std::uint32_t magic = 0x44'4d'4d'49;  // "IMMD"
  std::uint32_t key_bytes = 0;          ///< 32: by SHA-256, 64: by SHA-512
  std::uint64_t size = 0;
  std::array<std::uint8_t, 64> key{};
  Digests digests{};
  Sha256Digest checksum{};  ///< of all before: an entry may be cut off where there was no room left
};
static_assert(std::has_unique_object_representations_v<Entry>);

constexpr std::size_t most_entries = 4096;

Result<Entry> make_entry(const FsVerity& key, std::uint64_t size, const Digests& digests) {
  Entry out{.key_bytes = static_cast<std::uint32_t>(key.digest.size()), .size = size, .digests = digests};
  std::ranges::copy(key.digest, out.key.begin());
  const auto* start = reinterpret_cast<const std::uint8_t*>(&out);
  out.checksum = IMMURE_TRY(sha256(Bytes(start, offsetof(Entry, checksum))));
  return out;
}

Result<std::vector<Entry>> read_entries(int fd) {
  const auto count = IMMURE_TRY(file_size(fd)) / sizeof(Entry);
  std::vector<Entry> out(std::min<std::uint64_t>(count, most_entries));
  IMMURE_TRY(pread_exactly(fd, std::as_writable_bytes(std::span(out)), 0));
  return out;
}

Result<void> append(int fd, const Entry& entry) {
  IMMURE_TRY(wait_for_lock(fd, LockKind::exclusive));
  if (IMMURE_TRY(file_size(fd)) / sizeof(Entry) >= most_entries) return {};
  return write_all(fd, bytes_of(entry));
}

}  // namespace

std::optional<Digests> DigestCache::find(const FsVerity& key, std::uint64_t size) const {
  const auto entries = read_entries(file_.get());
  if (!entries) return std::nullopt;
  for (const auto& entry : *entries) {
    if (entry.size != size || !std::ranges::equal(Bytes(entry.key).first(key.digest.size()), key.digest))
      continue;
    const auto whole = make_entry(key, size, entry.digests);
    if (whole && std::ranges::equal(bytes_of(*whole), bytes_of(entry))) return entry.digests;
  }
  return std::nullopt;
}

void DigestCache::add(const FsVerity& key, std::uint64_t size, const Digests& digests) {
  if (const auto entry = make_entry(key, size, digests)) static_cast<void>(append(file_.get(), *entry));
}

}  // namespace immure::attest::measure
