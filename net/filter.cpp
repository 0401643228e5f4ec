#include "net/filter.hpp"

#include "net/rules.hpp"

namespace immure::net {
namespace {

/// The first line of `is` that is not one of `wanted`: what to tell of two long texts.
std::string first_difference(const std::string& wanted, const std::string& is) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < is.size() && i < wanted.size() && is[i] == wanted[i]; ++i) {
    if (is[i] == '\n') start = i + 1;
  }
  const auto line = [start](const std::string& text) {
    return text.substr(start, text.find('\n', start) - start);
  };
  return "\"" + line(is) + "\" instead of \"" + line(wanted) + "\"";
}

}  // namespace

Result<void> put_in_force(Nftables& nftables, const policy::NetFilterRecord& record) {
  const auto table = policy::net_filter_table(record.guest.view());
  const auto wanted = table_text(record);
  // "create" fails where there is a table of this name: whatever it is, it is not ours.
  IMMURE_TRY(nftables.run("create table netdev " + table + " { flags owner; }\n" + wanted));
  const auto is = IMMURE_TRY(nftables.list(table));
  if (is != wanted) return invalid("the kernel has " + first_difference(wanted, is));
  return {};
}

}  // namespace immure::net
