#include "cli/doctor/finding.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/printable.hpp"
#include "cli/output/style.hpp"

namespace immure::cli {
namespace {

std::string painted(const Style& style, Verdict verdict) {
  auto word = fmt::format("{:<4}", verdict_name(verdict));
  switch (verdict) {
    case Verdict::ok:
      return style.good(word);
    case Verdict::warn:
      return style.warn(word);
    case Verdict::fail:
      return style.bad(word);
  }
  return word;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warn:
      return "warn";
    case Verdict::fail:
      return "fail";
  }
  return "unknown";
}

Findings examine_host() {
  Findings findings;
  examine_kvm(findings);
  examine_selinux(findings);
  examine_kernel(findings);
  examine_cgroups(findings);
  examine_installation(findings);
  examine_records(findings);
  examine_side_channels(findings);
  examine_hardening(findings);
  return findings;
}

Verdict worst_of(const Findings& findings) {
  const auto worst = std::ranges::max_element(findings, {}, &Finding::verdict);
  return worst == findings.end() ? Verdict::ok : worst->verdict;
}

std::string findings_json(const Findings& findings) {
  auto checks = nlohmann::ordered_json::array();
  for (const auto& finding : findings) {
    checks.push_back({{"check", finding.check},
                      {"verdict", verdict_name(finding.verdict)},
                      {"found", finding.found},
                      {"why", finding.why},
                      {"remedy", finding.remedy}});
  }
  const nlohmann::ordered_json out{{"verdict", verdict_name(worst_of(findings))}, {"checks", checks}};
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string findings_text(const Findings& findings) {
  const auto style = Style::of(stdout);
  std::size_t width = 0;
  for (const auto& finding : findings) width = std::max(width, finding.check.size());
  std::string out;
  for (const auto& finding : findings) {
    out += fmt::format("{}  {:<{}}  {}\n", painted(style, finding.verdict), finding.check, width,
                       printable(finding.found));
    if (finding.verdict == Verdict::ok) continue;
    out += fmt::format("      {:<{}}  {}\n", "", width, style.dim("why: " + finding.why));
    out += fmt::format("      {:<{}}  {}\n", "", width, "mend: " + finding.remedy);
  }
  return out;
}

}  // namespace immure::cli
