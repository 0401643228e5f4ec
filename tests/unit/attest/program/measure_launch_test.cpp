// The launcher's errand: the files are handed over as descriptors, the answer is a record.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/stat.h>

#include "attest/crypto/digest.hpp"
#include "attest/log/cel.hpp"
#include "attest/log/replay.hpp"
#include "attest/measure/digest_cache.hpp"
#include "attest/tpm/pcrs.hpp"
#include "base/io.hpp"
#include "base/sealed_memfd.hpp"
#include "policy/measurement.hpp"
#include "policy/spec/compile.hpp"
#include "tests/unit/attest/fixtures/software_tpm.hpp"
#include "tests/unit/attest/manifest/manifests.hpp"
#include "tests/unit/attest/program/guest.hpp"

using namespace immure;
using namespace immure::attest;
using namespace immure::attest::test;
using Catch::Matchers::ContainsSubstring;
using policy::ExitCode;
using policy::Measurement;

namespace {

namespace fd = policy::measure_fd;

/// What the launcher does: descriptors under their numbers, and nothing else. The child moves all of them out
/// of the way first.
struct Errand {
  std::vector<std::pair<int, UniqueFd>> files;
  std::optional<FsVerity> kernel{};  ///< what fs-verity is to have said of it

  void give(int number, const std::string& path) {
    files.emplace_back(number, UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
  }
  [[nodiscard]] std::optional<Measurement> run() const {
    std::array<int, 2> answer{};
    REQUIRE(::pipe2(answer.data(), O_CLOEXEC) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      std::vector<std::pair<int, int>> aside{{1, ::fcntl(answer[1], F_DUPFD_CLOEXEC, 64)}};
      for (const auto& [number, file] : files)
        aside.emplace_back(number, ::fcntl(file.get(), F_DUPFD_CLOEXEC, 64));
      (void)::close_range(3, 63, 0);  // Whoever runs the tests may have left something open.
      for (const auto& [number, file] : aside) ::dup2(file, number);
      ::execl(IMMURE_ATTEST_PROGRAM, "immure-attest", "measure-launch", "13", "0", text_of(kernel).c_str(),
              "-", nullptr);
      ::_exit(127);
    }
    ::close(answer[1]);
    const auto bytes = drain(answer[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    Measurement out;
    if (status != 0 || bytes.size() != sizeof(out)) return std::nullopt;
    std::memcpy(static_cast<void*>(&out), bytes.data(), sizeof(out));
    return out;
  }
};

/// A guest, its owner's key, a manifest of it, and the host policy's list of signers.
struct Launching {
  GuestOnDisk guest;
  std::string manifest = guest.scratch.path("web.manifest");
  std::string signers = guest.scratch.write("signers.pem", public_pem(key("ed25519")));

  Launching() {
    const auto secret = guest.scratch.path("owner.key");
    std::filesystem::copy_file(IMMURE_ATTEST_KEYS "/ed25519.pem", secret);
    ::chmod(secret.c_str(), 0600);
    REQUIRE(run_program(guest.with({"sign", guest.spec, "--key", secret, "-o", manifest})).status == 0);
  }
  [[nodiscard]] policy::GuestRecord record() const {
    auto out = policy::compile_guest_spec(guest.spec);
    REQUIRE(out);
    return *out;
  }
  [[nodiscard]] Errand errand(const policy::GuestRecord& record) const {
    Errand out;
    out.files.emplace_back(0, make_sealed_memfd("guest", bytes_of(record)).value());
    out.give(fd::kernel, guest.scratch.path("vmlinuz"));
    out.give(fd::initrd, guest.scratch.path("initrd"));
    out.give(fd::vmm, guest.scratch.path("immure-vmm"));
    out.give(fd::first_disk, guest.scratch.path("root.raw"));
    return out;
  }
  [[nodiscard]] Measurement launch(const std::string& revoked = {}) const {
    auto signed_record = record();
    signed_record.manifest = policy::HostPath::from(manifest, "manifest").value();
    auto out = errand(signed_record);
    out.give(fd::manifest, manifest);
    out.give(fd::signers, signers);
    if (!revoked.empty()) out.give(fd::revoked, revoked);
    const auto answer = out.run();
    REQUIRE(answer);
    CHECK(policy::check(*answer, signed_record));
    return *answer;
  }
};

ExitCode verdict(const Measurement& answer) { return ExitCode{answer.verdict}; }

}  // namespace

TEST_CASE("a launch is measured as `immure measure` says", "[attest]") {
  const Launching test;
  const auto record = test.record();
  const auto answer = test.errand(record).run();
  REQUIRE(answer);
  REQUIRE(policy::check(*answer, record));
  CHECK(verdict(*answer) == ExitCode::success);
  CHECK(answer->signer_count == 0);
  const auto* kernel = policy::item_of(*answer, "kernel");
  REQUIRE(kernel != nullptr);
  CHECK(kernel->sha256 == sha256(bytes_of_text("the kernel")).value());
  CHECK(kernel->sha384 == sha384(bytes_of_text("the kernel")).value());
  CHECK(kernel->size == 10);
  REQUIRE(policy::item_of(*answer, "disk:data") != nullptr);
  CHECK(policy::item_of(*answer, "disk:data")->by == policy::MeasuredBy::writable);
  CHECK(policy::item_of(*answer, "seccomp:vmm_vcpu") != nullptr);
}

TEST_CASE("a guest that its owner signed may start, and the answer says who that was", "[attest]") {
  const Launching test;
  const auto answer = test.launch();
  INFO(answer.message.view());
  CHECK(verdict(answer) == ExitCode::success);
  REQUIRE(answer.signer_count == 1);
  CHECK(to_hex(answer.signers.at(0)) == key_id(key("ed25519")).value());
  CHECK_FALSE(all_zero(answer.manifest_sha256));
}

TEST_CASE("a guest that is not what its owner signed may not start", "[attest]") {
  Launching test;
  const auto& scratch = test.guest.scratch;
  SECTION("another kernel") {
    (void)scratch.write("vmlinuz", "the kernek");
    const auto answer = test.launch();
    CHECK(verdict(answer) == ExitCode::policy_refused);
    CHECK_THAT(std::string(answer.message.view()), ContainsSubstring("file-kernel"));
  }
  SECTION("another initrd") {
    (void)scratch.write("initrd", "the initre");
    CHECK(verdict(test.launch()) == ExitCode::policy_refused);
  }
  SECTION("another disk") {
    (void)scratch.write("root.raw", std::string(100'000, 's'));
    CHECK(verdict(test.launch()) == ExitCode::policy_refused);
  }
  SECTION("another VMM") {
    (void)scratch.write("immure-vmm", "the VMN");
    CHECK(verdict(test.launch()) == ExitCode::policy_refused);
  }
  SECTION("another command line") {
    auto text = std::string("console=hvc1");
    std::ifstream old(test.guest.spec);
    std::string spec{std::istreambuf_iterator<char>(old), {}};
    spec.replace(spec.find("console=hvc0"), text.size(), text);
    (void)scratch.write("web.toml", spec);
    CHECK_THAT(std::string(test.launch().message.view()), ContainsSubstring("file-command-line"));
  }
}

TEST_CASE("a guest whose manifest is not by one of the signers may not start", "[attest]") {
  Launching test;
  const auto& scratch = test.guest.scratch;
  SECTION("by a stranger") {
    (void)scratch.write("signers.pem", public_pem(key("p256")));
    const auto answer = test.launch();
    CHECK(verdict(answer) == ExitCode::bad_signature);
    CHECK(answer.signer_count == 0);
  }
  SECTION("one byte of it is another") {
    std::ifstream old(test.manifest);
    std::string text{std::istreambuf_iterator<char>(old), {}};
    auto& byte = text.at(text.find("payload\":") + 40);
    byte = byte == 'A' ? 'B' : 'A';
    (void)scratch.write("web.manifest", text);
    CHECK(verdict(test.launch()) == ExitCode::bad_signature);
  }
  SECTION("the key is revoked") {
    const auto revoked = scratch.write("revoked", key_id(key("ed25519")).value() + "\n");
    CHECK(verdict(test.launch(revoked)) == ExitCode::bad_signature);
  }
  SECTION("another key is revoked") {
    const auto revoked = scratch.write("revoked", std::string(64, 'a') + "\n");
    CHECK(verdict(test.launch(revoked)) == ExitCode::success);
  }
  SECTION("the signers are none") {
    (void)scratch.write("signers.pem", "no key\n");
    CHECK(verdict(test.launch()) == ExitCode::bad_specification);
  }
}

TEST_CASE("an errand without the guest's files or record is no success", "[attest]") {
  const Launching test;
  auto errand = test.errand(test.record());
  SECTION("no kernel") {
    std::erase_if(errand.files, [](const auto& file) { return file.first == fd::kernel; });
    const auto answer = errand.run();
    REQUIRE(answer);
    CHECK(verdict(*answer) == ExitCode::image_refused);
  }
  SECTION("a record that can still be changed") {
    errand.files.front().second.reset();
    errand.files.erase(errand.files.begin());
    errand.give(0, test.guest.spec);
    CHECK_FALSE(errand.run());
  }
}

TEST_CASE("a kernel under fs-verity is hashed once in a boot", "[attest]") {
  const Launching test;
  const auto record = test.record();
  const FsVerity key{.algorithm = "sha256", .digest = ByteVector(32, 7)};
  const auto cache_path = test.guest.scratch.write("digests", "");
  const auto open_cache = [&] { return UniqueFd(::open(cache_path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC)); };
  const auto kernel_digest = [&](const std::optional<FsVerity>& kernel) {
    auto errand = test.errand(record);
    errand.files.emplace_back(fd::digests, open_cache());
    errand.kernel = kernel;
    const auto answer = errand.run();
    REQUIRE(answer);
    REQUIRE(verdict(*answer) == ExitCode::success);
    return policy::item_of(*answer, "kernel")->sha256;
  };
  const auto truth = sha256(bytes_of_text("the kernel")).value();
  CHECK(kernel_digest(std::nullopt) == truth);
  CHECK(std::filesystem::file_size(cache_path) == 0);
  CHECK(kernel_digest(key) == truth);
  const auto known = measure::DigestCache(open_cache()).find(key, 10);
  REQUIRE(known);
  CHECK(known->sha256 == truth);

  // What is there is believed, of that key and size alone.
  const FsVerity other{.algorithm = "sha256", .digest = ByteVector(32, 8)};
  measure::DigestCache(open_cache()).add(other, 10, {.sha256 = Sha256Digest{1}, .sha384 = {}});
  CHECK(kernel_digest(other) == Sha256Digest{1});
  CHECK(kernel_digest(key) == truth);
  CHECK(kernel_digest(std::nullopt) == truth);
}

TEST_CASE("launches are recorded in the TPM, one after the other, and the log says by what",
          "[attest][tpm]") {
  const Launching test;
  const auto record = test.record();
  const auto path = test.guest.scratch.path("events.cel");
  const SoftwareTpmDevice tpm;
  const auto launch = [&] {
    auto errand = test.errand(record);
    errand.files.emplace_back(fd::tpm, tpm.another());
    errand.files.emplace_back(fd::log,
                              UniqueFd(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600)));
    const auto answer = errand.run();
    REQUIRE(answer);
    return *answer;
  };
  const auto first = launch();
  INFO(first.message.view());
  REQUIRE(verdict(first) == ExitCode::success);
  CHECK(first.pcr == 13);
  CHECK(first.record_count == 14);
  CHECK(launch().record_count == 14);
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto records = log::parse_cel(bytes_of_text(text));
  REQUIRE(records);
  CHECK(records->size() == 28);
  const auto connection = tpm::Connection::over(tpm.another());
  REQUIRE(connection);
  const auto values = tpm::read_pcrs(*connection, {13});
  REQUIRE(values);
  CHECK(values->at(13) == log::replay(*records).value().at(13).sha256);
}

TEST_CASE("a launch that the TPM or the log does not take is not started", "[attest][tpm]") {
  const Launching test;
  const auto record = test.record();
  auto errand = test.errand(record);
  const auto path = test.guest.scratch.path("events.cel");
  const SoftwareTpmDevice tpm;
  SECTION("no TPM answers") { errand.give(fd::tpm, "/dev/null"); }
  SECTION("the log is none of ours") {
    errand.files.emplace_back(fd::tpm, tpm.another());
    (void)test.guest.scratch.write("events.cel", "something else");
  }
  errand.files.emplace_back(fd::log,
                            UniqueFd(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600)));
  const auto answer = errand.run();
  REQUIRE(answer);
  CHECK(verdict(*answer) == ExitCode::unsafe_host);
  CHECK(answer->record_count == 0);
}

TEST_CASE("what is refused is not recorded", "[attest][tpm]") {
  const Launching test;
  (void)test.guest.scratch.write("signers.pem", public_pem(key("p256")));
  auto signed_record = test.record();
  signed_record.manifest = policy::HostPath::from(test.manifest, "manifest").value();
  auto errand = test.errand(signed_record);
  errand.give(fd::manifest, test.manifest);
  errand.give(fd::signers, test.signers);
  const SoftwareTpmDevice tpm;
  errand.files.emplace_back(fd::tpm, tpm.another());
  const auto path = test.guest.scratch.path("events.cel");
  errand.files.emplace_back(fd::log,
                            UniqueFd(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600)));
  const auto answer = errand.run();
  REQUIRE(answer);
  CHECK(verdict(*answer) == ExitCode::bad_signature);
  CHECK(std::filesystem::file_size(path) == 0);
}
