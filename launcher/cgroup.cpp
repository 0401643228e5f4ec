#include "launcher/cgroup.hpp"

#include <algorithm>
#include <array>

#include "base/proc_text.hpp"
#include "policy/net_filter_record.hpp"

namespace immure::launcher {
namespace {

constexpr int event_polls = 500;
constexpr int poll_milliseconds = 20;

/// Lets the groups below `directory` have what the kernel can limit.
Result<void> pass_controllers(Kernel& kernel, const std::string& root, const std::string& directory) {
  const auto available = IMMURE_TRY(kernel.read_file(root + "/cgroup.controllers"));
  const auto controllers = words_of(std::string_view(available).substr(0, available.find('\n')));
  std::string wanted;
  for (const auto* controller : {"cpu", "memory", "pids", "io", "cpuset", "hugetlb"}) {
    if (std::ranges::find(controllers, controller) != controllers.end()) {
      wanted += (wanted.empty() ? "+" : " +") + std::string(controller);
    }
  }
  for (const auto& parent : {root, root + "/immure", directory}) {
    IMMURE_TRY(kernel.write_file(parent + "/cgroup.subtree_control", wanted));
  }
  return {};
}

Result<void> make_leaf(Kernel& kernel, const std::string& directory,
                       std::span<const policy::CgroupLimit> limits) {
  IMMURE_TRY(kernel.make_directory(directory, 0755));
  for (const auto& limit : limits) {
    IMMURE_TRY(kernel.write_file(directory + "/" + limit.file, limit.value));
    const auto file = directory + "/" + limit.read_back;
    const auto set = IMMURE_TRY(kernel.read_file(file));
    if (!("\n" + set).contains("\n" + limit.value + "\n")) {  // io.max has a line for each device.
      return invalid(file + " is \"" + set.substr(0, set.find('\n')) + "\" after \"" + limit.value +
                     "\" was written");
    }
  }
  return {};
}

/// Waits until the kernel says this of the group: cgroup.events.
Result<void> await(Kernel& kernel, const std::string& directory, const char* key, const char* value) {
  for (int i = 0; i < event_polls; ++i) {
    const auto events = IMMURE_TRY(kernel.read_file(directory + "/cgroup.events"));
    if (field_of(events, key) == value) return {};
    static_cast<void>(IMMURE_TRY(kernel.poll({}, poll_milliseconds)));
  }
  return invalid("the processes in " + directory + " do not become " + key + " " + value);
}

}  // namespace

Result<Cgroup> Cgroup::at(std::string_view path) {
  const auto slash = path.rfind("/immure/");
  if (slash == std::string_view::npos) return invalid(std::string(path) + " is no cgroup of a guest");
  return Cgroup(std::string(path.substr(0, slash)), path.substr(slash + 8));
}

std::string Cgroup::name(std::string_view leaf) const {
  return "/immure/" + guest_ + (leaf.empty() ? "" : "/" + std::string(leaf));
}

std::string Cgroup::path(std::string_view leaf) const { return root_ + name(leaf); }

Result<void> Cgroup::create(Kernel& kernel, const policy::GuestRecord& guest,
                            const policy::HostPolicyRecord& host,
                            std::span<const policy::CgroupLimit> own) const {
  IMMURE_TRY(tolerate(EEXIST, kernel.make_directory(root_ + "/immure", 0755)));
  IMMURE_TRY(kernel.make_directory(path(""), 0755));
  IMMURE_TRY(pass_controllers(kernel, root_, path("")));
  IMMURE_TRY(kernel.attach_filter(path(""), policy::device_filter()));
  auto limits = policy::vmm_limits(guest, host);
  const auto pages = policy::huge_page_limits(guest, IMMURE_TRY(kernel.list_directory(path(""))));
  limits.insert(limits.end(), pages.begin(), pages.end());
  limits.insert(limits.end(), own.begin(), own.end());
  IMMURE_TRY(make_leaf(kernel, path("vmm"), limits));
  if (policy::has_net_filter(guest, host))
    IMMURE_TRY(make_leaf(kernel, path("net"), policy::net_filter_limits(host)));
  IMMURE_TRY(make_leaf(kernel, path("monitor"), policy::monitor_limits(host)));
  const auto* const net = policy::passt_net_of(guest);
  if (net == nullptr) return {};
  IMMURE_TRY(make_leaf(kernel, path("passt"), policy::passt_limits(guest, host)));
  for (const auto& filter : policy::passt_filters(*net))
    IMMURE_TRY(kernel.attach_filter(path("passt"), filter));
  return {};
}

Result<void> Cgroup::kill(Kernel& kernel, std::string_view leaf) const {
  return kernel.write_file(path(leaf) + "/cgroup.kill", "1");
}

Result<void> Cgroup::freeze(Kernel& kernel, std::string_view leaf, Motion motion) const {
  const auto* const frozen = motion == Motion::stopped ? "1" : "0";
  IMMURE_TRY(kernel.write_file(path(leaf) + "/cgroup.freeze", frozen));
  return await(kernel, path(leaf), "frozen", frozen);
}

Result<void> Cgroup::destroy(Kernel& kernel) const {
  // The VMM first: the rules of what it may send go with their owner.
  for (const auto* leaf : {"vmm", ""}) {
    auto killed = kill(kernel, leaf);
    if (killed) killed = await(kernel, path(leaf), "populated", "0");
    IMMURE_TRY(tolerate(ENOENT, std::move(killed)));
  }
  for (const auto* leaf : {"vmm", "monitor", "net", "passt", ""}) {
    IMMURE_TRY(tolerate(ENOENT, kernel.remove(path(leaf))));
  }
  return {};
}

}  // namespace immure::launcher
