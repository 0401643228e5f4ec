#include <array>
#include <charconv>
#include <optional>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "base/io.hpp"
#include "base/unique_fd.hpp"
#include "cli/doctor/finding.hpp"
#include "cli/doctor/host_file.hpp"
#include "cli/proc/process_text.hpp"

namespace immure::cli {
namespace {

constexpr const char* why_selinux =
    "the label is what keeps a guest that broke out from the host and from other guests; without it no guest "
    "starts (unless the host policy says selinux = \"optional\")";

constexpr const char* vmm_context = "system_u:system_r:immure_vmm_t:s0:c1,c2";
constexpr const char* own_image = "system_u:object_r:immure_image_t:s0:c1,c2";
constexpr const char* other_image = "system_u:object_r:immure_image_t:s0:c1,c3";

/// One question and answer through a transaction file of selinuxfs (security/selinux/selinuxfs.c).
std::optional<std::string> ask(const char* file, const std::string& question) {
  const auto path = std::string("/sys/fs/selinux/") + file;
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd || !write_all(fd.get(), std::as_bytes(std::span(question)))) return std::nullopt;
  std::array<char, 512> answer{};
  const auto n = ::read(fd.get(), answer.data(), answer.size() - 1);
  if (n < 0) return std::nullopt;
  return std::string(answer.data(), static_cast<std::size_t>(n));
}

bool is_valid_context(const std::string& context) {
  const UniqueFd fd(::open("/sys/fs/selinux/context", O_RDWR | O_CLOEXEC));
  return fd && ::write(fd.get(), context.c_str(), context.size() + 1) > 0;
}

/// Whether the loaded policy lets `source` write a file labelled `target`; nothing where it cannot be asked.
std::optional<bool> may_write(const std::string& source, const std::string& target) {
  const auto file_class = host_file("/sys/fs/selinux/class/file/index");
  const auto write_bit = host_file("/sys/fs/selinux/class/file/perms/write");
  if (!file_class || !write_bit) return std::nullopt;
  const auto answer = ask("access", fmt::format("{} {} {}", source, target, *file_class));
  if (!answer) return std::nullopt;
  std::uint32_t allowed = 0;
  const auto words = words_of(*answer);  // allowed, decided, auditallow, auditdeny, seqno, flags
  if (words.empty() ||
      std::from_chars(words[0].data(), words[0].data() + words[0].size(), allowed, 16).ec != std::errc{}) {
    return std::nullopt;
  }
  unsigned bit = 0;
  (void)std::from_chars(write_bit->data(), write_bit->data() + write_bit->size(), bit);
  if (bit == 0 || bit > 32) return std::nullopt;
  return (allowed & (1U << (bit - 1))) != 0;
}

void examine_module(Findings& findings) {
  const bool loaded = is_valid_context(vmm_context) && is_valid_context(own_image);
  findings.push_back(
      {.check = "selinux module",
       .verdict = loaded ? Verdict::ok : Verdict::fail,
       .found = loaded ? "immure's types are in the loaded policy"
                       : std::string(vmm_context) + " is no valid context",
       .why = why_selinux,
       .remedy = loaded ? "" : "install it: semodule -i /usr/share/selinux/packages/immure.pp"});
  if (!loaded) return;
  const auto own = may_write(vmm_context, own_image);
  const auto other = may_write(vmm_context, other_image);
  const bool ok = own == true && other == false;
  findings.push_back(
      {.check = "selinux categories",
       .verdict = ok ? Verdict::ok : Verdict::fail,
       .found = !own || !other ? "the policy could not be asked"
                : ok           ? "c1,c2 may write its own image and not the one of c1,c3"
                     : fmt::format("own image: {}, another guest's: {}", *own ? "allowed" : "denied",
                                   *other ? "allowed" : "denied"),
       .why = "the policy must bind immure_vmm_t to its categories, or guests reach each other",
       .remedy = ok ? "" : "the module was built without mcs_constrained(immure_vmm_t): rebuild it"});
}

}  // namespace

void examine_selinux(Findings& findings) {
  const auto enforcing = host_file("/sys/fs/selinux/enforce");
  const bool ok = enforcing == "1";
  findings.push_back({.check = "selinux",
                      .verdict = ok ? Verdict::ok : Verdict::fail,
                      .found = !enforcing ? "off"
                               : ok       ? "enforcing"
                                          : "permissive",
                      .why = why_selinux,
                      .remedy = ok           ? ""
                                : !enforcing ? "boot with security=selinux selinux=1 and a policy installed "
                                               "(Debian: selinux-basics, selinux-activate)"
                                             : "setenforce 1, and SELINUX=enforcing in /etc/selinux/config"});
  if (enforcing) examine_module(findings);
}

}  // namespace immure::cli
