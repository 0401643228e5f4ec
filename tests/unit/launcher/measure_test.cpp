#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "launcher/plan.hpp"
#include "tests/unit/launcher/test_host.hpp"

using namespace immure;
using namespace immure::launcher;
using namespace immure::launcher::test;
using policy::ExitCode;
using policy::MeasuredBy;
using policy::MeasureMode;

namespace {

void add_item(policy::Measurement& measurement, std::string_view name, MeasuredBy by) {
  auto& item = measurement.items.at(measurement.item_count++);
  item.name = BoundedString<64>::from(name, "name").value();
  item.by = by;
}

/// A launch whose host policy has it measured, up to the point where it is; the answer is as it should be.
struct Measured {
  Host host;
  Launch launch = host.launch();

  Measured() {
    launch.host.attestation.measure = MeasureMode::required;
    auto& answer = host.kernel.measurement;
    answer.header = policy::header_of<policy::Measurement>();
    add_item(answer, "kernel", MeasuredBy::hashes);
    add_item(answer, "initrd", MeasuredBy::hashes);
    add_item(answer, "vmm", MeasuredBy::hashes);
    add_item(answer, "disk:d1", MeasuredBy::writable);
    add_item(answer, "disk:d2", MeasuredBy::fs_verity_sha256);
    REQUIRE(open_programs(launch));
    REQUIRE(copy_images(launch));
    REQUIRE(open_disks(launch));
    host.kernel.calls.clear();
  }
  ~Measured() { CHECK(launch.ledger.undo(host.kernel)); }
  Measured(const Measured&) = delete;
  Measured& operator=(const Measured&) = delete;

  void require_signature() {
    launch.host.attestation.signature_required = policy::Switch::on;
    launch.host.attestation.signers = policy::HostPath::from("/etc/immure/signers.pem", "signers").value();
    launch.guest.manifest = policy::HostPath::from("/srv/web.manifest", "manifest").value();
    host.kernel.measurement.signer_count = 1;
  }
};

}  // namespace

TEST_CASE("what is measured is what the VMM gets, by a program that is nobody", "[launcher]") {
  Measured test;
  REQUIRE(measure_launch(test.launch));
  CHECK(test.launch.measurement.item_count == 5);
  const auto& kernel = test.host.kernel;
  CHECK(kernel.first("open " + test.launch.paths.attest) < kernel.first("clone"));
  // Nothing of the guest is opened a second time.
  const auto of_the_guest = [](const auto& call) {
    return call.starts_with("open ") && !call.starts_with("open /run/");
  };
  CHECK(std::ranges::count_if(kernel.calls, of_the_guest) == 1);
}

TEST_CASE("a guest is measured only where the host policy or its manifest asks for it", "[launcher]") {
  Measured test;
  test.launch.host.attestation.measure = MeasureMode::off;
  SECTION("neither does") {
    REQUIRE(measure_launch(test.launch));
    CHECK(test.host.kernel.calls.empty());
    CHECK(test.launch.measurement.header == policy::RecordHeader{});
  }
  SECTION("a manifest does") {
    test.require_signature();
    REQUIRE(measure_launch(test.launch));
    CHECK(test.launch.measurement.signer_count == 1);
  }
}

TEST_CASE("a host without the module starts guests only where nothing has to be measured", "[launcher]") {
  Measured test;
  test.host.kernel.missing = test.launch.paths.attest;
  SECTION("optional: the record says that nothing was measured") {
    test.launch.host.attestation.measure = MeasureMode::optional;
    REQUIRE(measure_launch(test.launch));
    CHECK(test.launch.measurement.header == policy::RecordHeader{});
  }
  SECTION("required") {
    CHECK_FALSE(measure_launch(test.launch));
    CHECK(test.launch.failure == ExitCode::not_admitted);
  }
  SECTION("a signature is asked for") {
    test.launch.host.attestation.measure = MeasureMode::optional;
    test.require_signature();
    CHECK_FALSE(measure_launch(test.launch));
    CHECK(test.launch.failure == ExitCode::not_admitted);
  }
}

TEST_CASE("a manifest or a list of signers that is not there is never a reason to start unsigned",
          "[launcher]") {
  Measured test;
  test.launch.host.attestation.measure = MeasureMode::optional;
  test.require_signature();
  SECTION("the manifest") {
    test.host.kernel.missing = "/srv/web.manifest";
    CHECK_FALSE(measure_launch(test.launch));
    CHECK(test.launch.failure == ExitCode::bad_signature);
  }
  SECTION("the signers") {
    test.host.kernel.missing = "/etc/immure/signers.pem";
    CHECK_FALSE(measure_launch(test.launch));
    CHECK(test.launch.failure == ExitCode::bad_specification);
  }
  SECTION("the signers can be written by others than root") {
    test.host.kernel.file_status.st_mode = S_IFREG | 0666;
    CHECK_FALSE(measure_launch(test.launch));
    CHECK(test.launch.failure == ExitCode::bad_specification);
  }
}

TEST_CASE("an answer that is not for this guest does not start it", "[launcher]") {
  Measured test;
  auto& answer = test.host.kernel.measurement;
  SECTION("it refuses, with the exit code and the reason") {
    answer.verdict = static_cast<std::int32_t>(ExitCode::policy_refused);
    answer.message = decltype(answer.message)::fitting("the kernel is another one");
    const auto measured = measure_launch(test.launch);
    REQUIRE_FALSE(measured);
    CHECK(measured.error().message == "the kernel is another one");
    CHECK(test.launch.failure == ExitCode::policy_refused);
  }
  SECTION("a verdict that is no exit code") {
    answer.verdict = 77;
    CHECK_FALSE(measure_launch(test.launch));
  }
  SECTION("it lacks a disk") {
    --answer.item_count;
    CHECK_FALSE(measure_launch(test.launch));
  }
  SECTION("a disk to read is called writable") {
    answer.items.at(4).by = MeasuredBy::writable;
    CHECK_FALSE(measure_launch(test.launch));
  }
  SECTION("nobody signed, and a manifest was given") {
    test.require_signature();
    answer.signer_count = 0;
    CHECK_FALSE(measure_launch(test.launch));
  }
  SECTION("it is of another version") {
    ++answer.header.version;
    CHECK_FALSE(measure_launch(test.launch));
  }
  SECTION("the program fails") {
    test.host.kernel.fail_on = "wait";
    CHECK_FALSE(measure_launch(test.launch));
  }
  CHECK(test.launch.failure != ExitCode::success);
}
