#include "net/rules.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace immure::net {
namespace {

using policy::FilteredNet;
using policy::ip_text;
using policy::IpAddress;
using policy::IpFamily;

/// A chain of rules as nft(8) lists it.
class Chain {
 public:
  explicit Chain(const std::string& name) : text_("\tchain " + name + " {\n") {}

  void rule(const std::string& rule) { text_ += "\t\t" + rule + "\n"; }
  /// Drops what matches (nothing: everything), counts it, and says why.
  void drop(const std::string& match, const std::string& why) {
    rule(match + (match.empty() ? "" : " ") + "counter drop comment \"" + why + "\"");
  }
  [[nodiscard]] std::string text() const { return text_ + "\t}\n"; }

 private:
  std::string text_;
};

/// The chains of one network.
class Network {
 public:
  Network(const FilteredNet& net, policy::Switch metadata_allowed)
      : net_(net),
        name_("from." + std::string(net.id.view())),
        hides_metadata_(metadata_allowed == policy::Switch::off) {
    const auto last = std::ranges::find(net.addresses, IpAddress{});
    own_.assign(net.addresses.begin(), last);
    // Where one address is named, all of both families are: else a guest would answer for its neighbours in
    // the other one.
    is_bound_ = !own_.empty();
    if (is_bound_) own_.push_back(link_local_of(net.mac));
  }

  [[nodiscard]] std::string text() const {
    std::string text;
    for (const auto& chain : {entry(), arp(), ipv4(), ipv6(), fragment(), neighbour()}) text += "\n" + chain;
    return text;
  }

 private:
  /// Everything else, VLAN tags among it, is no guest's business.
  [[nodiscard]] std::string entry() const {
    Chain chain(name_);
    chain.rule("type filter hook ingress device \"" + std::string(net_.tap.view()) +
               "\" priority -500; policy drop;");
    chain.drop("ether saddr != " + policy::mac_text(net_.mac), "a MAC address of somebody else");
    chain.rule("ether type arp jump " + name_ + ".arp");
    chain.rule("ether type ip jump " + name_ + ".ipv4");
    chain.rule("ether type ip6 jump " + name_ + ".ipv6");
    chain.drop("", "neither IPv4, IPv6 nor ARP: a VLAN tag, another protocol");
    return chain.text();
  }

  [[nodiscard]] std::string arp() const {
    Chain chain(name_ + ".arp");
    chain.drop("arp saddr ether != " + policy::mac_text(net_.mac), "ARP with a MAC address of somebody else");
    chain.drop("arp saddr ip " + ip_text(policy::metadata_v4), "the address of metadata");
    for (const auto& address : own(IpFamily::v4)) {
      chain.rule("arp saddr ip " + address + " accept");
      // Is it free? RFC 5227, 2.1.1. For any other address this would say that it is not.
      chain.rule("arp saddr ip 0.0.0.0 arp daddr ip " + address + " accept");
    }
    finish(chain, "ARP with an address of somebody else");
    return chain.text();
  }

  [[nodiscard]] std::string ipv4() const {
    Chain chain(name_ + ".ipv4");
    add_metadata(chain, "ip", policy::metadata_v4);
    chain.drop("udp sport 67", "an answer of a DHCP server");
    for (const auto& address : own(IpFamily::v4)) chain.rule("ip saddr " + address + " accept");
    if (is_bound_) chain.rule("ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept");
    finish(chain, "an IPv4 address of somebody else");
    return chain.text();
  }

  [[nodiscard]] std::string ipv6() const {
    Chain chain(name_ + ".ipv6");
    add_metadata(chain, "ip6", policy::metadata_v6);
    chain.drop("icmpv6 type nd-router-advert", "a router advertisement");
    chain.drop("icmpv6 type nd-redirect", "a redirection by a router");
    chain.drop("udp sport 547", "an answer of a DHCP server");
    chain.rule("frag frag-off 0 jump " + name_ + ".fragment");
    chain.rule("icmpv6 type nd-neighbor-advert jump " + name_ + ".neighbour");
    if (is_bound_) {
      // Before it has an address a guest asks whether that is free, which routers there are, and to be sent
      // what others ask it: RFC 4862, 5.4; RFC 4861, 6.3.7; RFC 3810, 5.2.13.
      chain.rule("ip6 saddr :: icmpv6 type nd-neighbor-solicit jump " + name_ + ".neighbour");
      for (const auto* type : {"nd-neighbor-solicit", "nd-router-solicit", "mld2-listener-report"}) {
        chain.rule(std::string("ip6 saddr :: icmpv6 type ") + type + " accept");
      }
    }
    for (const auto& address : own(IpFamily::v6)) chain.rule("ip6 saddr " + address + " accept");
    finish(chain, "an IPv6 address of somebody else");
    return chain.text();
  }

  /// RFC 7112: a first fragment shows what it is. One that does not hides what the rules above look for.
  [[nodiscard]] std::string fragment() const {
    Chain chain(name_ + ".fragment");
    chain.rule("udp sport != 547 return");
    chain.rule("icmpv6 type echo-request return");
    chain.rule("icmpv6 type echo-reply return");
    chain.rule("meta l4proto != 17 meta l4proto != 58 return");
    chain.drop("", "a fragment that does not show what it is");
    return chain.text();
  }

  /// What neighbour discovery is about (RFC 4861, 4.3 and 4.4): 8 bytes into the message.
  [[nodiscard]] std::string neighbour() const {
    Chain chain(name_ + ".neighbour");
    if (!is_bound_) chain.drop("@th,64,128 " + hexadecimal(policy::metadata_v6), "the address of metadata");
    for (const auto& address : own_) {
      if (address.family == IpFamily::v6) chain.rule("@th,64,128 " + hexadecimal(address) + " return");
    }
    if (is_bound_) chain.drop("", "neighbour discovery for an address of somebody else");
    return chain.text();
  }

  void add_metadata(Chain& chain, const std::string& protocol, const IpAddress& address) const {
    if (hides_metadata_) chain.drop(protocol + " daddr " + ip_text(address), "to the address of metadata");
    chain.drop(protocol + " saddr " + ip_text(address), "the address of metadata");
  }

  void finish(Chain& chain, const std::string& why) const {
    if (is_bound_) return chain.drop("", why);
    chain.rule("accept");
  }

  [[nodiscard]] std::vector<std::string> own(IpFamily family) const {
    std::vector<std::string> texts;
    for (const auto& address : own_) {
      if (address.family == family) texts.push_back(ip_text(address));
    }
    return texts;
  }

  static std::string hexadecimal(const IpAddress& address) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto byte : address.bytes) {
      text += digits[byte >> 4];
      text += digits[byte & 15];
    }
    // As nft(8) writes numbers.
    return "0x" + text.substr(std::min(text.find_first_not_of('0'), text.size() - 1));
  }

  const FilteredNet& net_;
  std::string name_;
  bool hides_metadata_;
  bool is_bound_ = false;
  std::vector<IpAddress> own_;
};

}  // namespace

policy::IpAddress link_local_of(const policy::MacAddress& mac) {
  IpAddress address{.family = IpFamily::v6};
  address.bytes = {
      0xfe,   0x80,   0,    0,    0,      0,      0,     0, static_cast<std::uint8_t>(mac[0] ^ 2),
      mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};
  return address;
}

std::string table_text(const policy::NetFilterRecord& record) {
  auto text = "table netdev " + policy::net_filter_table(record.guest.view()) + " {\n\tflags owner\n";
  for (const auto& net : std::span(record.nets).first(record.net_count)) {
    text += Network(net, record.metadata_allowed).text();
  }
  return text + "}\n";
}

}  // namespace immure::net
