#include <memory>

#include "attest/program/snp_digest.hpp"
#include "attest/program/verbs.hpp"
#include "attest/snp/vmsa.hpp"

namespace immure::attest {
namespace {

constexpr const char* digest_details =
    "The launch digest is the report's `measurement`: what the chip computed over the firmware, the first\n"
    "state of each vCPU and, where the VMM passes them, the hashes of kernel, initrd and command line.\n"
    "Compute it from what you built, and put it into the policy of `immure report verify`.\n\n"
    "  immure snp digest --ovmf OVMF.fd --vcpus 2 --vcpu-type EPYC-Milan\n"
    "  immure snp digest --ovmf OVMF.fd --vcpus 2 --vcpu-type EPYC-Milan \\\n"
    "      --kernel vmlinuz --initrd initrd.img --append 'console=ttyS0'\n\n"
    "A digest that differs differs in an input: the build of the firmware, the number of vCPUs, the type of\n"
    "the CPU, the guest features, or whether the VMM passes the kernel's hashes.";

void add_digest(CLI::App& snp, Action& action) {
  auto options = std::make_shared<SnpDigestOptions>();
  auto json = std::make_shared<bool>(false);
  auto* command = snp.add_subcommand("digest", "compute the launch digest of a guest");
  command->footer(digest_details);
  std::vector<std::string> types;
  for (const auto& type : snp::cpu_types()) types.emplace_back(type.name);
  command->add_option("--ovmf", options->firmware, "the firmware image")->required();
  command->add_option("--vcpus", options->vcpus, "how many vCPUs, 1 to 256")
      ->required()
      ->check(CLI::Range(1U, 256U));
  command->add_option("--vcpu-type", options->vcpu_type, "QEMU's type of the vCPUs")
      ->check(CLI::IsMember(types));
  command->add_option("--kernel", options->kernel, "the kernel whose hash the VMM passes");
  command->add_option("--initrd", options->initrd, "the initrd, with --kernel");
  command->add_option("--append", options->append, "the command line, with --kernel");
  command->add_option("--guest-features", options->guest_features, "SEV_FEATURES of each vCPU, as 0x1")
      ->capture_default_str();
  command->add_option("--vmm", options->vmm, "whose first register state")
      ->check(CLI::IsMember({"qemu", "ec2", "gce"}))
      ->capture_default_str();
  auto* svsm =
      command->add_option("--svsm", options->svsm, "an SVSM image in front of the firmware; QEMU only");
  command->add_option("--vars-size", options->vars_size, "with --svsm: bytes of the firmware's variables")
      ->needs(svsm);
  command->add_flag("--json", *json, "print one JSON object with \"launch_digest\"");
  command->callback([options, json, &action] {
    options->format = *json ? OutputFormat::json : OutputFormat::text;
    action = [options] { return snp_digest(*options); };
  });
}

}  // namespace

void add_snp(CLI::App& app, Action& action) {
  auto* snp = app.add_subcommand("snp", "compute the launch digest of an SEV-SNP guest");
  snp->require_subcommand(1);
  add_digest(*snp, action);
}

}  // namespace immure::attest
