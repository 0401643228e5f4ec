#include "cli/policy/requester.hpp"

#include <charconv>
#include <span>

#include <fmt/core.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>

#include "base/printable.hpp"
#include "cli/doctor/host_file.hpp"

namespace immure::cli {
namespace {

std::vector<std::string> groups_of(const passwd& user) {
  constexpr int most_groups = 65536;  // NGROUPS_MAX
  int count = 64;
  std::vector<gid_t> ids(static_cast<std::size_t>(count));
  while (::getgrouplist(user.pw_name, user.pw_gid, ids.data(), &count) < 0) {
    if (count <= 0 || count > most_groups) return {};
    ids.resize(static_cast<std::size_t>(count));
  }
  std::vector<std::string> names;
  for (const auto id : std::span(ids).first(static_cast<std::size_t>(count))) {
    if (const auto* group = ::getgrgid(id)) names.emplace_back(group->gr_name);
  }
  return names;
}

/// The host's own files and nothing else: a directory service that is far away, or that answers otherwise
/// today, does not say who may start guests.
void ask_files_only() {
  static_cast<void>(::__nss_configure_lookup("passwd", "files"));
  static_cast<void>(::__nss_configure_lookup("group", "files"));
  static_cast<void>(::__nss_configure_lookup("initgroups", "files"));
}

policy::Requester make_requester(const passwd& user) {
  return {.user = user.pw_name, .groups = groups_of(user)};
}

}  // namespace

std::optional<policy::Requester> requester_of(std::uint32_t uid) {
  if (uid == 0 || uid == policy::no_uid) return std::nullopt;
  ask_files_only();
  if (const auto* user = ::getpwuid(uid)) return make_requester(*user);
  return policy::Requester{.user = fmt::format("#{}", uid), .groups = {}};
}

Expected<std::optional<policy::Requester>> requester_named(const std::string& user) {
  ask_files_only();
  const auto* const found = ::getpwnam(user.c_str());
  if (found == nullptr)
    return fail(ExitCode::usage, fmt::format("--as: there is no user {}", printable(user)));
  if (found->pw_uid == 0) return std::nullopt;
  return make_requester(*found);
}

std::uint32_t login_uid() {
  std::uint32_t uid = policy::no_uid;
  const auto text = host_file("/proc/self/loginuid").value_or("");
  std::from_chars(text.data(), text.data() + text.size(), uid);
  return uid;
}

}  // namespace immure::cli
