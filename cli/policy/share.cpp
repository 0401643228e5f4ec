#include "cli/policy/share.hpp"

#include <filesystem>

#include <fcntl.h>
#include <fmt/core.h>

#include "base/io.hpp"
#include "base/unique_fd.hpp"

namespace immure::cli {

std::optional<Shares> read_shares(const policy::TenantName& tenant, const std::string& directory) {
  Shares shares;
  std::error_code error;
  std::filesystem::directory_iterator guests(directory, error);
  if (error == std::errc::no_such_file_or_directory) return shares;
  if (error) return std::nullopt;
  for (const auto& guest : guests) {
    ++shares.guests;
    const auto path = fmt::format("{}/claim", guest.path().string());
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file && errno == ENOENT) continue;  // It is just coming, or going.
    policy::GuestClaim claim;
    if (!file || !pread_exactly(file.get(), writable_bytes_of(claim), 0)) return std::nullopt;
    if (claim.tenant == tenant) add(shares.tenants, claim);
  }
  return shares;
}

}  // namespace immure::cli
