#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "policy/toml/guest_spec.hpp"

using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

const std::string minimal = "name = \"web\"\n[boot]\nkernel = \"/k\"\n";

std::string errors(const std::string& text, std::string_view base_directory = "/srv") {
  const auto record = parse_guest_spec(text, "guest.toml", base_directory);
  return record ? "accepted" : record.error().message;
}

/// The error of the minimal specification with `more` after it, on line 4.
std::string errors_with(const std::string& more) { return errors(minimal + more); }

}  // namespace

TEST_CASE("an address that no interface can have, or one too many, is an error at its place", "[policy]") {
  const auto with = [](const std::string& addresses) {
    return errors_with("[[nets]]\nid = \"a\"\ntap = \"t\"\naddresses = " + addresses + "\n");
  };
  for (const auto* text : {"192.0.2.2/24", "web", "0.0.0.0", "ff02::1", "169.254.169.254", "fe80::1%eth0"}) {
    CHECK_THAT(with(std::string("[\"") + text + "\"]"),
               ContainsSubstring("7:13: nets[0].addresses: \"" + std::string(text) +
                                 "\" cannot be an address of an interface; allowed: an array of at most 8"));
  }
  CHECK_THAT(with("[\"192.0.2.2\", \"192.0.2.2\"]"),
             ContainsSubstring("nets[0].addresses: \"192.0.2.2\" is there twice"));
  CHECK_THAT(with("\"192.0.2.2\""), ContainsSubstring("nets[0].addresses: this is a text"));
  std::string many = "[";
  for (int i = 1; i < 10; ++i) many += "\"192.0.2." + std::to_string(i) + "\",";
  CHECK_THAT(with(many + "]"), ContainsSubstring("nets[0].addresses: 9 are too many"));
}

TEST_CASE("an error names file, line, column, key and what is allowed", "[policy]") {
  CHECK(errors_with("[memory]\nsize = \"31 MiB\"\n") ==
        "guest.toml:5:8: memory.size: \"31 MiB\" is out of range; allowed: \"32 MiB\" to \"1 TiB\" in steps "
        "of 2 MiB");
}

TEST_CASE("an unknown key is an error that says what was probably meant", "[policy]") {
  CHECK(errors_with("[cpu]\ncuont = 2\n") ==
        "guest.toml:5:1: cpu.cuont: unknown key, did you mean \"count\"?; allowed: count, nested, "
        "model, features_off, sockets, cores, threads, pinning, realtime_priority");
  CHECK_THAT(errors_with("[memroy]\n"),
             ContainsSubstring("4:2: memroy: unknown key, did you mean \"memory\"?"));
  CHECK_THAT(errors_with("[[disks]]\nid = \"a\"\npath = \"/a\"\nformat = \"raw\"\nreadonly = true\n"),
             ContainsSubstring("8:1: disks[0].readonly: unknown key, did you mean \"read_only\"?"));
  CHECK_THAT(
      errors_with("[resources]\nfoo = 1\n"),
      ContainsSubstring("resources.foo: unknown key; allowed: cpu_weight, cpu_quota, cpus, memory_nodes, "
                        "memory_overhead, memory_low, swap, io_weight, pids_max"));
}

TEST_CASE("a missing key is an error", "[policy]") {
  CHECK_THAT(errors("[boot]\nkernel = \"/k\"\n"), ContainsSubstring("1:1: name: this key is missing"));
  CHECK_THAT(errors("name = \"web\"\n"), ContainsSubstring("boot.kernel: this key is missing"));
  CHECK_THAT(errors_with("[[disks]]\nid = \"a\"\npath = \"/a\"\n"),
             ContainsSubstring("disks[0].format: this key is missing; allowed: \"raw\""));
  CHECK_THAT(errors_with("[[disks]]\npath = \"/a\"\nformat = \"raw\"\n"),
             ContainsSubstring("disks[0].id: this key"));
  CHECK_THAT(errors_with("[[disks]]\nid = \"a\"\nformat = \"raw\"\n"),
             ContainsSubstring("disks[0].path: this key"));
}

TEST_CASE("a value of the wrong type is an error", "[policy]") {
  CHECK_THAT(errors("name = 7\n[boot]\nkernel = \"/k\"\n"),
             ContainsSubstring("name: this is a whole number"));
  CHECK_THAT(errors_with("[cpu]\ncount = \"2\"\n"), ContainsSubstring("cpu.count: this is a text"));
  CHECK_THAT(errors_with("[cpu]\ncount = 2.0\n"),
             ContainsSubstring("cpu.count: this is a number with a fraction"));
  CHECK_THAT(errors_with("[memory]\nsize = true\n"), ContainsSubstring("memory.size: this is true or false"));
  CHECK_THAT(errors_with("[memory]\nsize = 1979-05-27\n"), ContainsSubstring("memory.size: this is a date"));
  CHECK_THAT(errors_with("[console]\nserial = \"yes\"\n"),
             ContainsSubstring("console.serial: this is a text"));
  CHECK_THAT(errors_with("[console]\nserial = 1\n"), ContainsSubstring("allowed: true or false"));
  CHECK_THAT(errors("cpu = 4\n" + minimal), ContainsSubstring("1:7: cpu: this is a whole number"));
  CHECK_THAT(errors("entropy = true\n" + minimal), ContainsSubstring("allowed: a table, [entropy]"));
  CHECK_THAT(errors_with("[disks]\nid = \"a\"\n"), ContainsSubstring("disks: this is a table"));
  CHECK_THAT(errors("disks = [1]\n" + minimal), ContainsSubstring("disks[0]: this is a whole number"));
}

TEST_CASE("a value out of range is an error", "[policy]") {
  CHECK_THAT(errors_with("[cpu]\ncount = 0\n"),
             ContainsSubstring("cpu.count: 0 is out of range; allowed: a whole number from 1 to 64"));
  CHECK_THAT(errors_with("[cpu]\ncount = 65\n"), ContainsSubstring("cpu.count: 65 is out of range"));
  CHECK_THAT(errors_with("[cpu]\ncount = -1\n"), ContainsSubstring("cpu.count: -1 is out of range"));
  CHECK_THAT(errors_with("[cpu]\ncount = 4294967297\n"),
             ContainsSubstring("cpu.count: 4294967297 is out of range"));
  CHECK_THAT(errors_with("[memory]\nsize = \"33 MiB\"\n"), ContainsSubstring("in steps of 2 MiB"));
  CHECK_THAT(errors_with("[memory]\nsize = \"2 TiB\"\n"),
             ContainsSubstring("memory.size: \"2 TiB\" is out of range"));
  CHECK_THAT(errors_with("[memory]\nsize = 1000000000\n"),
             ContainsSubstring("memory.size: 1000000000 bytes is out"));
  CHECK_THAT(errors_with("[memory]\nsize = -2097152\n"),
             ContainsSubstring("memory.size: a size is not negative"));
  CHECK_THAT(errors_with("[memory]\nsize = \"1 GB\"\n"),
             ContainsSubstring("memory.size: \"1 GB\" is not a size"));
  CHECK_THAT(errors_with("[resources]\ncpu_weight = 0\n"),
             ContainsSubstring("resources.cpu_weight: 0 is out"));
  CHECK_THAT(errors_with("[resources]\ncpu_weight = 10001\n"),
             ContainsSubstring("resources.cpu_weight: 10001 is"));
  CHECK_THAT(errors_with("[resources]\ncpu_quota = 101\n"),
             ContainsSubstring("from 1 to 100 (100 for each vCPU)"));
  CHECK_THAT(errors_with("[resources]\nmemory_overhead = \"1 MiB\"\n"),
             ContainsSubstring("allowed: \"4 MiB\""));
  CHECK_THAT(errors_with("[resources]\npids_max = 8\n"),
             ContainsSubstring("resources.pids_max: 8 is out of range"));
}

TEST_CASE("places of vCPUs that are not possible are errors", "[policy]") {
  CHECK_THAT(
      errors_with("[resources]\ncpus = \"0-\"\n"),
      ContainsSubstring("resources.cpus: \"0-\" is not a list of numbers below 1024; allowed: CPUs of the "
                        "host, as \"0-3,8\""));
  CHECK_THAT(errors_with("[cpu]\ncount = 2\npinning = [3]\n"),
             ContainsSubstring("cpu.pinning: 1 numbers for 2 vCPUs"));
  CHECK_THAT(errors_with("[cpu]\npinning = [1024]\n"),
             ContainsSubstring("cpu.pinning: a number is out of range"));
  CHECK_THAT(errors_with("[cpu]\npinning = [-1]\n"),
             ContainsSubstring("cpu.pinning: a number is out of range"));
  CHECK_THAT(errors_with("[cpu]\npinning = [\"1\"]\n"), ContainsSubstring("cpu.pinning: this is a text"));
  CHECK_THAT(errors_with("[cpu]\npinning = 1\n"), ContainsSubstring("cpu.pinning: this is a whole number"));
  CHECK_THAT(errors_with("[cpu]\ncount = 2\npinning = [3, 3]\n"), ContainsSubstring("CPU 3 twice"));
  CHECK_THAT(errors_with("[cpu]\npinning = [3]\n[resources]\ncpus = \"0-2\"\n"),
             ContainsSubstring("resources.cpus: CPU 3 of cpu.pinning is not in it"));
  CHECK_THAT(errors_with("[cpu]\nrealtime_priority = 100\n"),
             ContainsSubstring("realtime_priority: 100 is out"));
  CHECK_THAT(
      errors_with("[resources]\nmemory_low = \"1 GiB\"\n"),
      ContainsSubstring("resources.memory_low: \"1 GiB\" is out of range; allowed: at most memory.size"));
  CHECK_THAT(errors_with("[resources]\nswap = 4097\n"), ContainsSubstring("in steps of 4 KiB"));
  CHECK_THAT(errors_with("[resources]\nio_weight = 0\n"), ContainsSubstring("resources.io_weight: 0 is out"));
}

TEST_CASE("a wrong number of vCPUs is told once, and not again by the keys that depend on it", "[policy]") {
  CHECK_THAT(errors_with("[cpu]\ncount = 99\n[resources]\ncpu_quota = 300\n"),
             !ContainsSubstring("cpu_quota"));
}

TEST_CASE("a name, a UUID or an id that is not one is an error", "[policy]") {
  CHECK_THAT(errors("name = \"../x\"\n[boot]\nkernel = \"/k\"\n"),
             ContainsSubstring("name: \"../x\" cannot be a name"));
  CHECK_THAT(errors("name = \"\"\n[boot]\nkernel = \"/k\"\n"), ContainsSubstring("cannot be a name"));
  CHECK_THAT(errors("uuid = \"1234\"\n" + minimal), ContainsSubstring("uuid: \"1234\" cannot be a UUID"));
  CHECK_THAT(errors("uuid = \"00000000-0000-0000-0000-000000000000\"\n" + minimal),
             ContainsSubstring("not all zero"));
  CHECK_THAT(errors_with("[[disks]]\nid = \"A b\"\npath = \"/a\"\nformat = \"raw\"\n"),
             ContainsSubstring("disks[0].id: \"A b\" cannot be an id"));
}

TEST_CASE("a disk's format must be said, and be one that there is", "[policy]") {
  CHECK_THAT(errors_with("[[disks]]\nid = \"a\"\npath = \"/a\"\nformat = \"qcow2\"\n"),
             ContainsSubstring("disks[0].format: \"qcow2\" is not a format; allowed: \"raw\""));
}

TEST_CASE("two disks share neither id nor path, however the path is spelt", "[policy]") {
  const auto disk = [](const char* id, const char* path) {
    return std::string("[[disks]]\nid = \"") + id + "\"\npath = \"" + path + "\"\nformat = \"raw\"\n";
  };
  CHECK_THAT(errors_with(disk("a", "/a") + disk("a", "/b")),
             ContainsSubstring("disks[1].id: \"a\" is the id of another"));
  CHECK_THAT(errors_with(disk("a", "/srv/x") + disk("b", "./x")),
             ContainsSubstring("disks[1].path: \"/srv/x\" is the path"));
}

TEST_CASE("a network has a tap or a bridge, and not both", "[policy]") {
  CHECK_THAT(errors_with("[[nets]]\nid = \"lan\"\n"),
             ContainsSubstring("nets[0].bridge: there is neither a tap nor a bridge nor passt"));
  CHECK_THAT(errors_with("[[nets]]\nid = \"lan\"\ntap = \"t0\"\nbridge = \"br0\"\n"),
             ContainsSubstring("7:10: nets[0].bridge: there is a tap as well"));
}

TEST_CASE("the name of an interface is one that the kernel would give", "[policy]") {
  for (const auto* name : {"", "a b", "a/b", "eth0:1", "..", "sixteen-letters!", "tap\\u0007"}) {
    CHECK_THAT(errors_with(std::string("[[nets]]\nid = \"lan\"\ntap = \"") + name + "\"\n"),
               ContainsSubstring("nets[0].tap: ") && ContainsSubstring("cannot be the name of an interface"));
  }
}

TEST_CASE("a MAC address is one interface's own", "[policy]") {
  for (const auto* mac :
       {"", "52:54:00:12:34", "52-54-00-12-34-56", "52:54:00:12:34:5g", "52:54:00:12:34:567",
        "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"}) {
    CHECK_THAT(errors_with(std::string("[[nets]]\nid = \"a\"\ntap = \"t\"\nmac = \"") + mac + "\"\n"),
               ContainsSubstring("7:7: nets[0].mac: ") && ContainsSubstring("cannot be an address"));
  }
}

TEST_CASE("two networks share neither id, nor tap, nor address", "[policy]") {
  const auto net = [](const std::string& id, const std::string& rest) {
    return "[[nets]]\nid = \"" + id + "\"\n" + rest + "\n";
  };
  CHECK_THAT(errors_with(net("a", "tap = \"t0\"") + net("a", "tap = \"t1\"")),
             ContainsSubstring("nets[1].id: \"a\" is the id of another one"));
  CHECK_THAT(errors_with(net("a", "tap = \"t0\"") + net("b", "tap = \"t0\"")),
             ContainsSubstring("nets[1].tap: \"t0\" is the tap of another one"));
  CHECK_THAT(errors_with(net("a", "tap = \"t0\"\nmac = \"02:00:00:00:00:01\"") +
                         net("b", "tap = \"t1\"\nmac = \"02:00:00:00:00:01\"")),
             ContainsSubstring("nets[1].mac: 02:00:00:00:00:01 is the address of another one"));
  CHECK(errors_with(net("a", "bridge = \"br0\"") + net("b", "bridge = \"br0\"")) == "accepted");
}

TEST_CASE("a network too many is an error", "[policy]") {
  std::string nets;
  for (int i = 0; i < 9; ++i) nets += "[[nets]]\nid = \"n" + std::to_string(i) + "\"\nbridge = \"b\"\n";
  CHECK_THAT(errors_with(nets),
             ContainsSubstring("nets[8].id: this is a network too many; allowed: at most 8 networks"));
}

TEST_CASE("a disk too many is an error", "[policy]") {
  std::string disks;
  for (int i = 0; i < 25; ++i) {
    const auto n = std::to_string(i);
    disks += "[[disks]]\nid = \"d" + n + "\"\npath = \"/d" + n + "\"\nformat = \"raw\"\n";
  }
  CHECK_THAT(errors_with(disks),
             ContainsSubstring("disks[24].id: this is a disk too many; allowed: at most 24 disks"));
}

TEST_CASE("a path that is no file's, is relative to nothing, or is too long is an error", "[policy]") {
  CHECK_THAT(errors("name = \"w\"\n[boot]\nkernel = \"\"\n"),
             ContainsSubstring("3:10: boot.kernel: \"\" is not the path"));
  CHECK_THAT(errors("name = \"w\"\n[boot]\nkernel = \"/\"\n"), ContainsSubstring("boot.kernel"));
  CHECK_THAT(errors("name = \"w\"\n[boot]\nkernel = \"../../k\"\n"), ContainsSubstring("boot.kernel"));
  CHECK_THAT(errors("name = \"w\"\n[boot]\nkernel = \"k\"\n", ""),
             ContainsSubstring("boot.kernel: \"k\" is not the path"));
  CHECK_THAT(errors("name = \"w\"\n[boot]\nkernel = \"/" + std::string(1024, 'k') + "\"\n"),
             ContainsSubstring("boot.kernel: the text is 1025 bytes long, at most 1023 are allowed"));
  CHECK_THAT(errors("name = \"w\"\n[boot]\nkernel = \"/a\\u0000b\"\n"), ContainsSubstring("NUL"));
}

TEST_CASE("a command line too long, or with a control character, is an error", "[policy]") {
  CHECK_THAT(errors_with("command_line = \"" + std::string(2048, 'x') + "\"\n"),
             ContainsSubstring("boot.command_line: the text is 2048 bytes long"));
  CHECK_THAT(errors_with("command_line = \"a\\nb\"\n"),
             ContainsSubstring("boot.command_line: the text has a control"));
}

TEST_CASE("all mistakes are told at once, in the order of the file", "[policy]") {
  const auto message =
      errors("nmae = \"web\"\n[boot]\nkernel = 1\n[cpu]\ncount = 99\n[memory]\nsize = \"1 MiB\"\n");
  CHECK(std::ranges::count(message, '\n') == 4);
  CHECK_THAT(message, StartsWith("guest.toml:1:1: "));
  CHECK_THAT(message, ContainsSubstring("nmae: unknown key, did you mean \"name\"?"));
  CHECK_THAT(message, ContainsSubstring("\nguest.toml:3:10: boot.kernel"));
  CHECK_THAT(message, ContainsSubstring("\nguest.toml:5:9: cpu.count"));
  CHECK_THAT(message, ContainsSubstring("\nguest.toml:7:8: memory.size"));
}

TEST_CASE("a file with many mistakes shows the first twenty", "[policy]") {
  std::string text = minimal;
  for (int i = 0; i < 1000; ++i) text += "zz" + std::to_string(i) + " = 1\n";
  const auto message = errors(text);
  CHECK(std::ranges::count(message, '\n') == 20);
  CHECK_THAT(message, ContainsSubstring("and 980 more errors"));
}

TEST_CASE("what is not TOML is told with its place", "[policy]") {
  CHECK_THAT(errors("name = \"web\"\n[boot\n"), StartsWith("guest.toml:2:6: not valid TOML: "));
  CHECK_THAT(errors("name = \"a\"\nname = \"b\"\n"), StartsWith("guest.toml:2:"));
  CHECK_THAT(errors(std::string("name = \"\xff\xfe\"\n")), StartsWith("guest.toml:1:"));
}

TEST_CASE("ten megabytes of garbage are refused at once", "[policy]") {
  // NOLINTNEXTLINE(bugprone-string-constructor): so long on purpose.
  CHECK_THAT(errors(std::string(10'000'000, '\x5b')),
             ContainsSubstring("10000000 bytes long; allowed: at most 1048576"));
}

TEST_CASE("a megabyte of hostile text gives an error, and not a deep stack or a long wait", "[policy]") {
  const std::size_t size = 1024 * 1024;
  CHECK_THAT(errors(std::string(size, '[')), ContainsSubstring("not valid TOML"));
  CHECK_THAT(errors("a = " + std::string(size - 8, '[')), ContainsSubstring("not valid TOML"));
  CHECK_THAT(errors(std::string(size - 8, 'k') + " = 1\n"), ContainsSubstring("unknown key"));
  std::string dotted = "a";
  while (dotted.size() < size - 8) dotted += ".a";
  CHECK_THAT(errors(dotted + " = 1\n"), StartsWith("guest.toml:1:32: a key of too many parts"));
  CHECK_THAT(errors("[" + dotted + "]\n"), StartsWith("guest.toml:1:33: a key of too many parts"));
  // The deepest that the scan lets pass: what the parser's own limit leaves of it is no deep stack either.
  const std::string deepest = "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a";
  std::string nested = deepest + " = ";
  for (int level = 0; level < 250; ++level) nested += "{" + deepest + " = ";
  CHECK_THAT(errors(nested + "1" + std::string(250, '}') + "\n"), ContainsSubstring("unknown key"));
}

TEST_CASE("a processor, memory, watchdog or vsock that cannot be is told with what can", "[policy]") {
  CHECK_THAT(errors_with("[cpu]\ncount = 4\nthreads = 3\n"),
             ContainsSubstring("cpu.count: 4 is not cpu.sockets x cpu.cores x cpu.threads"));
  CHECK_THAT(errors_with("[cpu]\nfeatures_off = [\"avx\", \"warp\"]\n"),
             ContainsSubstring("cpu.features_off: \"warp\" is not the name of a feature"));
  CHECK_THAT(errors_with("[memory]\npages = \"4 KiB\"\n"),
             ContainsSubstring("allowed: \"transparent\", \"small\", \"2 MiB\", \"1 GiB\""));
  CHECK_THAT(errors_with("[memory]\nsize = \"512 MiB\"\npages = \"1 GiB\"\n"),
             ContainsSubstring("memory.size: pages of 1 GiB need"));
  CHECK_THAT(errors_with("[memory]\nballoon = true\nlock = true\n"),
             ContainsSubstring("memory.balloon: such memory"));
  CHECK_THAT(errors_with("[watchdog]\nexpiry = \"bark\"\n"),
             ContainsSubstring("watchdog.expiry: \"bark\" is none of them; allowed: \"reset\", \"end\""));
  CHECK_THAT(errors_with("[vsock]\ncid = 2\n"), ContainsSubstring("vsock.cid: 2 is out of range"));
}

TEST_CASE("a limit that cannot be is told with its key", "[policy]") {
  CHECK_THAT(errors_with("[[disks]]\nid = \"d\"\npath = \"/d\"\nformat = \"raw\"\n"
                         "device_limit = { read_bytes_per_second = \"1 B\", read = 1 }\n"),
             ContainsSubstring("disks[0].device_limit.read_bytes_per_second: \"1 B\" is out of range") &&
                 ContainsSubstring("disks[0].device_limit.read: unknown key"));
  CHECK_THAT(
      errors_with("[entropy.limit]\nbytes_per_second = \"1 B\"\n"),
      ContainsSubstring("entropy.limit.bytes_per_second: \"1 B\" is out of range; allowed: \"1 KiB\""));
  CHECK_THAT(errors_with("[console.limit]\noperations_burst = 5\n"),
             ContainsSubstring("console.limit.operations_burst: there is no operations_per_second"));
  CHECK_THAT(errors_with("[console]\nlimit = 5\n"),
             ContainsSubstring("console.limit: this is a whole number"));
  CHECK_THAT(errors_with("[console.limit]\nops = 5\n"), ContainsSubstring("console.limit.ops: unknown key"));
}

TEST_CASE("a network through passt, and the ports that it forwards, are told with what is wrong",
          "[policy]") {
  const auto net = [](const std::string& rest) {
    return errors_with("[[nets]]\nid = \"wan\"\n" + rest + "\n");
  };
  CHECK(net("passt = true") == "accepted");
  CHECK(net("passt = true\nforward = [\"tcp:127.0.0.1:8080:80\", \"udp:[::1]:8080:80\"]") == "accepted");
  CHECK(net("passt = false\nbridge = \"br0\"") == "accepted");
  CHECK_THAT(net("passt = false"), ContainsSubstring("there is neither a tap nor a bridge nor passt"));
  CHECK_THAT(net("passt = true\ntap = \"t0\""),
             ContainsSubstring("7:7: nets[0].tap: there is passt as well"));
  CHECK_THAT(net("passt = true\nbridge = \"b0\""),
             ContainsSubstring("nets[0].bridge: there is passt as well"));
  CHECK_THAT(net("bridge = \"b0\"\nforward = [\"tcp:127.0.0.1:8080:80\"]"),
             ContainsSubstring("nets[0].forward: a tap or a bridge forwards no ports"));
  CHECK_THAT(
      net("passt = true\nforward = [\"8080:80\"]"),
      ContainsSubstring("7:11: nets[0].forward: \"8080:80\": it is not PROTOCOL:ADDRESS:PORT:GUEST-PORT"));
  CHECK_THAT(net("passt = true\nforward = [\"tcp:127.0.0.1:80:80\"]"),
             ContainsSubstring("takes port 80 of the host: those below 1024 need a privilege"));
  CHECK_THAT(net("passt = true\nforward = [\"tcp:127.0.0.1:8080:80\", \"tcp:0.0.0.0:8080:81\"]"),
             ContainsSubstring("\"tcp:0.0.0.0:8080:81\" takes a port of the host that another one takes"));
  CHECK_THAT(errors_with("[[nets]]\nid = \"a\"\npasst = true\n[[nets]]\nid = \"b\"\npasst = true\n"),
             ContainsSubstring("nets[1].passt: another network of the guest goes through passt already"));
  std::string many = "passt = true\nforward = [";
  for (int port = 0; port < 17; ++port) many += "\"tcp:127.0.0.1:" + std::to_string(2000 + port) + ":80\",";
  CHECK_THAT(net(many + "]"),
             ContainsSubstring("nets[0].forward: 17 are too many; allowed: an array of at most 16"));
}

TEST_CASE("vhost needs an interface, and goes with no limit", "[policy]") {
  const auto net = [](const std::string& rest) {
    return errors_with("[[nets]]\nid = \"wan\"\nvhost = true\n" + rest + "\n");
  };
  CHECK(net("bridge = \"br0\"") == "accepted");
  CHECK(net("tap = \"tap0\"") == "accepted");
  CHECK_THAT(net("passt = true"), ContainsSubstring("nets[0].vhost: passt has no interface"));
  CHECK_THAT(net("tap = \"tap0\"\nlimit = { bytes_per_second = \"1 MiB\" }"),
             ContainsSubstring("6:9: nets[0].vhost: there is a limit as well") &&
                 ContainsSubstring("without nets[].limit"));
  CHECK_THAT(errors_with("[[nets]]\nid = \"wan\"\ntap = \"t0\"\nvhost = 1\n"),
             ContainsSubstring("nets[0].vhost: this is a whole number"));
}

TEST_CASE("letters beyond ASCII may stand in comments and strings, and are an error elsewhere", "[policy]") {
  CHECK(errors_with("command_line = \"caf\u00e9\" # \u02ec\n") == "accepted");
  CHECK(errors_with("command_line = \"\"\"caf\u00e9\"\"\"\n") == "accepted");
  for (const auto* wrong :
       {"caf\u00e9 = 1\n", "a = +1'\u02ec'\n", "a = \"x\" \u02ec\n", "a = +1[\"1\ufef7\n"}) {
    CHECK_THAT(errors_with(wrong), StartsWith("guest.toml:4:") && ContainsSubstring("not valid TOML"));
  }
}
