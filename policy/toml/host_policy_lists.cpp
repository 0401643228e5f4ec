#include "policy/toml/host_policy_lists.hpp"

namespace immure::policy::toml_text {
namespace {

/// `is_good` asks the text, `what` is one of them in words.
template <typename Text>
std::uint32_t read_list(TableReader& table, const Key& key, std::span<Text> into,
                        bool (*is_good)(std::string_view), const char* what) {
  const auto texts = table.texts(key);
  if (texts.size() > into.size()) {
    table.reject(key, std::to_string(texts.size()) + " are too many");
    return 0;
  }
  std::uint32_t count = 0;
  for (const auto each : texts) {
    const auto text = Text::from(each, "the text");
    if (!text || !text->is_well_formed() || !is_good(each)) {
      table.reject(key, quoted(each) + " is not " + what);
      continue;
    }
    into[count++] = *text;
  }
  return count;
}

std::string at_most(std::size_t count, const char* of_what) {
  return "an array of at most " + std::to_string(count) + " " + of_what;
}

}  // namespace

std::uint32_t read_directories(TableReader& table, std::string_view name, std::span<HostPath> into) {
  const Key key{name,
                at_most(into.size(), "absolute paths without \"//\", \".\", \"..\" or a '/' at the end")};
  return read_list(table, key, into, is_normal_path, "a path in normal form");
}

std::uint32_t read_interfaces(TableReader& table, std::string_view name, std::span<InterfaceName> into) {
  return read_list(table, {name, at_most(into.size(), "names of network interfaces")}, into,
                   is_interface_name, "the name of an interface");
}

IpPrefixSet read_prefixes(TableReader& table, std::string_view name) {
  IpPrefixSet set;
  const Key key{name, at_most(set.prefixes.size(),
                              "prefixes of IP addresses, as \"192.0.2.0/28\", with no bits behind")};
  const auto texts = table.texts(key);
  if (texts.size() > set.prefixes.size()) {
    table.reject(key, std::to_string(texts.size()) + " are too many");
    return {};
  }
  std::size_t count = 0;
  for (const auto text : texts) {
    const auto prefix = parse_prefix(text);
    if (prefix) set.prefixes.at(count++) = *prefix;
    if (!prefix) table.reject(key, quoted(text) + " is not a prefix");
  }
  return set;
}

std::uint32_t read_accounts(TableReader& table, std::string_view name, std::span<AccountName> into) {
  const auto is_name = [](std::string_view text) { return !text.empty(); };
  return read_list(table, {name, at_most(into.size(), "names of accounts")}, into, +is_name, "a name");
}

std::uint32_t read_addresses(TableReader& table, std::string_view name, std::span<IpAddress> into) {
  const Key key{name, at_most(into.size(), "addresses of the host, as \"127.0.0.1\" or \"::\"")};
  const auto texts = table.texts(key);
  if (texts.size() > into.size()) {
    table.reject(key, std::to_string(texts.size()) + " are too many");
    return 0;
  }
  std::uint32_t count = 0;
  for (const auto text : texts) {
    const auto address = parse_ip(text);
    if (!address) table.reject(key, quoted(text) + " is no address");
    into[count++] = address.value_or(IpAddress{});
  }
  return count;
}

Switch read_switch(TableReader& table, std::string_view name, Switch fallback) {
  const auto value = table.boolean({name, "true or false"});
  return value ? (*value ? Switch::on : Switch::off) : fallback;
}

}  // namespace immure::policy::toml_text
