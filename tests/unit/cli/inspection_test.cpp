#include "cli/inspect/inspection.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace immure;
using namespace immure::cli;

namespace {

Inspection example() {
  Inspection inspection;
  inspection.guest.name = "web";
  inspection.guest.liveness = Liveness::running;
  inspection.guest.state.landlock_abi = 6;
  inspection.vmm = {.pid = 4711, .label = "system_u:system_r:immure_vmm_t:s0:c1,c2", .status = {}};
  inspection.image_label = "l";
  inspection.vmm.status.uids = {7, 7, 7, 7};
  inspection.vmm.status.gids = {8, 8, 8, 8};
  inspection.vmm.status.seccomp_mode = 2;
  inspection.vmm.status.seccomp_filters = 2;
  inspection.vmm.status.no_new_privs = 1;
  for (const char* kind : {"mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    inspection.namespaces.push_back(
        {.kind = kind, .name = std::string(kind) + ":[1]", .relation = NamespaceView::Relation::own});
  }
  inspection.root_access = RootAccess::read_only;
  inspection.open_fds = {{.number = 3, .target = "/memfd:record"}};
  inspection.files = {
      {.path = "/disk\xff", .role = "disk", .access = "read-write", .label = "l", .sha256 = "unmeasured"}};
  inspection.core_limit = {.soft = "0", .hard = "0"};
  inspection.threads = {{.tid = 1, .name = "vcpu0", .seccomp_mode = 2, .seccomp_filters = 3}};
  return inspection;
}

}  // namespace

TEST_CASE("inspect's JSON has every member that programs rely on", "[cli]") {
  const auto json = nlohmann::json::parse(inspection_json(example()));
  for (const char* key :
       {"name",         "uuid",         "state",   "vmm_pid",    "label",  "image_label",  "uid",  "gid",
        "capabilities", "no_new_privs", "seccomp", "namespaces", "cgroup", "root_entries", "root", "open_fds",
        "landlock",     "files",        "rlimits", "threads",    "keeper", "monitor"}) {
    CAPTURE(key);
    CHECK(json.contains(key));
  }
  for (const char* set : {"effective", "permitted", "inheritable", "bounding", "ambient"}) {
    CHECK(json["capabilities"][set] == "0000000000000000");
  }
  for (const char* kind : {"mnt", "pid", "net", "ipc", "uts", "cgroup"})
    CHECK(json["namespaces"].contains(kind));
  CHECK(json["namespaces_of_host"].empty());
  CHECK(json["seccomp"]["mode"] == 2);
  CHECK(json["seccomp"]["filters"] == 2);
  CHECK(json["root"]["read_only"] == true);
  CHECK(json["root_entries"].is_array());
  CHECK(json["files"][0]["sha256"] == "unmeasured");
  CHECK(json["open_fds"][0]["fd"] == 3);
  CHECK(json["threads"][0]["filters"] == 3);
  CHECK(json["keeper"].is_null());
}

TEST_CASE("a network through passt is shown with its ports, and passt with who it is", "[cli]") {
  auto inspection = example();
  inspection.networks = {{.id = "lan", .kind = "tap", .interface = "tap0", .mac = "02:00:00:00:00:01"},
                         {.id = "wan",
                          .kind = "passt",
                          .interface = "",
                          .mac = "02:00:00:00:00:02",
                          .forwards = {"tcp:127.0.0.1:8080:80"}}};
  inspection.guest.state.passt_pid = 4712;
  inspection.passt = {.pid = 4712, .label = "system_u:system_r:immure_passt_t:s0:c1,c2", .status = {}};
  const auto json = nlohmann::json::parse(inspection_json(inspection));
  CHECK_FALSE(json["networks"][0].contains("forward"));
  CHECK(json["networks"][0]["interface"] == "tap0");
  CHECK(json["networks"][1]["interface"].is_null());
  CHECK(json["networks"][1]["forward"] == nlohmann::json{"tcp:127.0.0.1:8080:80"});
  CHECK(json["passt"]["label"] == inspection.passt->label);
  const auto text = inspection_text(inspection);
  CHECK(text.contains("tcp:127.0.0.1:8080:80"));
  CHECK(text.contains("immure_passt_t"));
  // One that should be there and is not breaks a promise; where there is none, nothing is said.
  const auto line_of_passt = [&] {
    const auto whole = inspection_text(inspection);
    const auto start = whole.find("\n  passt ");
    return start == std::string::npos ? std::string()
                                      : whole.substr(start, whole.find('\n', start + 1) - start);
  };
  inspection.passt = std::nullopt;
  CHECK(line_of_passt().contains("gone  (!)"));
  inspection.guest.state.passt_pid = 0;
  CHECK(line_of_passt().empty());
}

TEST_CASE("a label that is not known is not shown as none", "[cli]") {
  auto inspection = example();
  inspection.image_label = "";
  CHECK(inspection_text(inspection).contains("none"));
  inspection.image_label = std::nullopt;
  inspection.files[0].label = std::nullopt;
  CHECK(inspection_text(inspection).contains("unknown"));
  const auto json = nlohmann::json::parse(inspection_json(inspection));
  CHECK(json["image_label"].is_null());
  CHECK(json["files"][0]["label"].is_null());
}

TEST_CASE("the table marks what breaks a promise", "[cli]") {
  CHECK_FALSE(inspection_text(example()).contains("(!)  "));
  auto broken = example();
  const auto marks = [](const Inspection& inspection) {
    const auto text = inspection_text(inspection);
    int count = 0;
    for (auto at = text.find("(!)"); at != std::string::npos; at = text.find("(!)", at + 1)) ++count;
    return count;
  };
  const int before = marks(broken);
  broken.vmm.status.bounding = 1;
  broken.vmm.status.no_new_privs = 0;
  broken.vmm.status.seccomp_mode = 0;
  broken.vmm.status.uids = {0, 0, 0, 0};
  broken.root_access = RootAccess::writable;
  broken.core_limit.hard = "unlimited";
  CHECK(marks(broken) == before + 6);
}
