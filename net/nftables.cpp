#include "net/nftables.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

namespace immure::net {
namespace {

int option_of(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

/// Who owns a table is a remark behind its name: " # progname immure-net".
std::string without_remark(std::string text) {
  const auto line = text.find('\n');
  const auto remark = text.find(" # progname ");
  if (remark < line) text.erase(remark, line - remark);
  return text;
}

}  // namespace

Result<Nftables> Nftables::open() {
  Nftables nftables(::nft_ctx_new(NFT_CTX_DEFAULT));
  auto* const context = nftables.context_.get();
  if (context == nullptr) return invalid("libnftables does not start");
  if (::nft_ctx_buffer_output(context) != 0 || ::nft_ctx_buffer_error(context) != 0) {
    return invalid("libnftables does not keep what it says");
  }
  ::nft_ctx_output_set_flags(
      context, NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_NUMERIC_PROTO | NFT_CTX_OUTPUT_NUMERIC_PRIO);
  return nftables;
}

Result<void> Nftables::run(const std::string& commands) {
  if (::nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0) return {};
  return invalid("nftables: " + std::string(::nft_ctx_get_error_buffer(context_.get())));
}

Result<std::string> Nftables::list(const std::string& table) {
  IMMURE_TRY(run("list table netdev " + table));
  return without_remark(::nft_ctx_get_output_buffer(context_.get()));
}

Result<UniqueFd> Nftables::share_socket() const {
  // The library does not say which one it is. This program has few descriptors.
  for (int fd = 0; fd < 16; ++fd) {
    if (option_of(fd, SO_DOMAIN) != AF_NETLINK || option_of(fd, SO_PROTOCOL) != NETLINK_NETFILTER) continue;
    UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 16));
    if (!copy) return system_error("duplicate the socket of nftables");
    return copy;
  }
  return invalid("libnftables has no socket");
}

}  // namespace immure::net
