#include "launcher/plan.hpp"
#include "launcher/self.hpp"

namespace immure::launcher {

Result<void> attach_networks(Launch& launch) {
  for (const auto& net : std::span(launch.guest.nets).first(launch.guest.net_count)) {
    if (net.kind == policy::NetKind::passt) {
      launch.nets.emplace_back();  // see start_passt()
      continue;
    }
    const std::string host(net.host.view());
    auto attached = net.kind == policy::NetKind::tap ? launch.kernel.attach_tap(host)
                                                     : launch.kernel.make_bridged_tap(host);
    if (!attached) return with_context("network " + std::string(net.id.view()), std::move(attached).error());
    launch.nets.push_back(*std::move(attached));
  }
  // The one thing that CAP_NET_ADMIN was for.
  IMMURE_TRY(launch.kernel.bound_capabilities(keeper_capabilities));
  return launch.kernel.set_capabilities(keeper_capabilities);
}

}  // namespace immure::launcher
