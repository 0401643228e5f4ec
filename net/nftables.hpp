#pragma once

#include <memory>
#include <string>

#include <nftables/libnftables.h>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace immure::net {

/// libnftables(3): its socket to the kernel, and its language.
class Nftables {
 public:
  static Result<Nftables> open();

  /// All of `commands` at once, or none of them. Errors are what nft(8) would say, on one line.
  Result<void> run(const std::string& commands);
  /// The table as `nft --stateless list table netdev NAME` prints it, but numbers stay numbers, and who owns
  /// it is left out.
  Result<std::string> list(const std::string& table);
  /// A second descriptor of the socket: a table with the flag "owner" lives until both are closed.
  [[nodiscard]] Result<UniqueFd> share_socket() const;

 private:
  struct Free {
    void operator()(nft_ctx* context) const { ::nft_ctx_free(context); }
  };
  explicit Nftables(nft_ctx* context) : context_(context) {}

  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace immure::net
