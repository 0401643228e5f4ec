#include <fcntl.h>

#include "base/io.hpp"
#include "launcher/errand.hpp"
#include "launcher/plan.hpp"
#include "launcher/self.hpp"
#include "policy/net_filter_record.hpp"

namespace immure::launcher {
namespace {

/// In the child, which shares our network namespace. Returns only where it failed.
Result<void> become_owner(const Launch& launch, int program, int record, int report) {
  auto& kernel = launch.kernel;
  IMMURE_TRY(kernel.reset_signals());
  const ArrangeFds arranged{{{record, 0}, {report, 1}, {launch.null.get(), 2}}};
  IMMURE_TRY(arranged.apply(kernel));
  IMMURE_TRY(LimitResources{}.apply(kernel));
  if (!launch.labels.net.empty()) IMMURE_TRY(ExecContext{launch.labels.net}.apply(kernel));
  IMMURE_TRY(kernel.join_new_keyring());
  IMMURE_TRY(kernel.bound_capabilities(network_capability));
  // The monitor's: no other guest's programs run as it, and it harms but its own guest.
  IMMURE_TRY(kernel.set_ids_keeping(launch.uid + 1, network_capability));
  IMMURE_TRY(kernel.set_no_new_privs());
  return kernel.execute(program, {"immure-net"});
}

/// Starts the owner in the guest's cgroup, and hears from it.
Result<void> start_owner(Launch& launch) {
  auto& kernel = launch.kernel;
  const auto opened = IMMURE_TRY(open_of_root(kernel, launch.paths.net, O_PATH));
  const UniqueFd program(IMMURE_TRY(kernel.duplicate_above(opened.get(), ArrangeFds::first_free)));
  const auto wanted = policy::make_net_filter_record(launch.guest, launch.host, launch.taps);
  const auto record = IMMURE_TRY(kernel.make_sealed("net-filter", bytes_of(wanted)));
  auto pipe = IMMURE_TRY(kernel.make_pipe());
  if (!launch.labels.pipe.empty()) IMMURE_TRY(kernel.set_file_context(pipe.second.get(), launch.labels.pipe));
  const auto cgroup =
      IMMURE_TRY(kernel.open(launch.cgroup.path("net"), O_RDONLY | O_DIRECTORY, Links::refused));
  launch.net_filter = IMMURE_TRY(kernel.clone(0, cgroup.get()));
  if (launch.net_filter.pid == 0) {
    static_cast<void>(become_owner(launch, program.get(), record.get(), pipe.second.get()));
    kernel.exit_child(127);
  }
  pipe.second.reset();
  policy::NetFilterReport report;
  const auto length = IMMURE_TRY(receive_all(kernel, pipe.first.get(), writable_bytes_of(report)));
  if (length != sizeof(report)) return invalid("immure-net ended without an answer");
  return policy::check(report);
}

}  // namespace

Result<void> attach_networks(Launch& launch) {
  for (const auto& net : std::span(launch.guest.nets).first(launch.guest.net_count)) {
    if (net.kind == policy::NetKind::passt) {
      launch.nets.emplace_back();  // see start_passt()
      launch.taps.emplace_back();
      continue;
    }
    const std::string host(net.host.view());
    auto tap = net.kind == policy::NetKind::tap ? launch.kernel.attach_tap(host) : launch.kernel.make_tap();
    if (!tap) return with_context("network " + std::string(net.id.view()), std::move(tap).error());
    launch.nets.push_back(std::move(tap->fd));
    launch.taps.push_back(std::move(tap->name));
  }
  return {};
}

Result<void> open_vhosts(Launch& launch) {
  const auto& path = launch.paths.vhost_net;
  launch.vhosts.clear();
  for (const auto& net : std::span(launch.guest.nets).first(launch.guest.net_count)) {
    auto& vhost = launch.vhosts.emplace_back();
    if (net.vhost == policy::Switch::off) continue;
    auto opened = launch.kernel.open(path, O_RDWR, Links::refused);
    if (!opened && (opened.error().error_number == ENOENT || opened.error().error_number == ENODEV))
      return invalid("network " + std::string(net.id.view()) + " has vhost = true, and there is no " + path +
                     ": modprobe vhost_net");
    vhost = IMMURE_TRY(std::move(opened));
    if (!S_ISCHR(IMMURE_TRY(launch.kernel.status(vhost.get())).st_mode))
      return invalid(path + " is not a character device");
  }
  return {};
}

Result<void> filter_networks(Launch& launch) {
  if (!policy::has_net_filter(launch.guest, launch.host)) return {};
  const auto started = start_owner(launch);
  if (!started) return with_context("bind the networks to their addresses", started.error());
  return {};
}

Result<void> join_networks(Launch& launch) {
  for (std::uint32_t i = 0; i < launch.guest.net_count; ++i) {
    const auto& net = launch.guest.nets[i];
    if (net.kind != policy::NetKind::bridge) continue;
    const auto joined = launch.kernel.join_bridge(launch.taps[i], std::string(net.host.view()));
    if (!joined) return with_context("network " + std::string(net.id.view()), joined.error());
  }
  // The one thing that CAP_NET_ADMIN was for.
  IMMURE_TRY(launch.kernel.bound_capabilities(keeper_capabilities));
  return launch.kernel.set_capabilities(keeper_capabilities);
}

}  // namespace immure::launcher
