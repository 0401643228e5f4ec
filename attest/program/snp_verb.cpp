#include <memory>

#include "attest/program/snp_digest.hpp"
#include "attest/program/snp_explain.hpp"
#include "attest/program/snp_id_block.hpp"
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
    "A digest that differs differs in an input: `immure snp explain` finds out in which.";

constexpr const char* explain_details =
    "Give the digest that a report has (its `measurement`) and the options of `immure snp digest` that "
    "should\n"
    "have led to it. Other numbers of vCPUs, CPU types, guest features, VMMs, the guest without kernel or\n"
    "initrd, and command lines with other white space at their ends are tried, alone and together; the "
    "fewest\n"
    "inputs that have to differ are named.\n\n"
    "  immure snp explain --expected 5e35... --ovmf OVMF.fd --vcpus 2 --vcpu-type EPYC-Milan\n"
    "  vCPUs           expected: 4; given: 2\n\n"
    "Exit codes: 0 the digest is as expected; 15 it is not, whether or not a reason was found; 2 wrong "
    "command\n"
    "line; 1 a file cannot be read.";

constexpr const char* id_block_details =
    "An id block lets the chip refuse to launch anything but DIGEST, and puts the id key's digest into the\n"
    "guest's reports. The output is as QEMU's sev-snp-guest object takes it: id-block=..., id-auth=...\n\n"
    "  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out id.key; chmod 600 id.key\n"
    "  immure snp id-block --digest $(immure snp digest ...) --id-key id.key\n\n"
    "Exit codes: 0 done; 2 wrong command line; 3 a key is not one, is not on P-384, or others can read it;\n"
    "1 a file cannot be read.";

void add_guest(CLI::App& command, SnpOptions& options) {
  std::vector<std::string> types;
  for (const auto& type : snp::cpu_types()) types.emplace_back(type.name);
  command.add_option("--ovmf", options.firmware, "the firmware image")->required();
  command.add_option("--vcpus", options.vcpus, "how many vCPUs, 1 to 256")
      ->required()
      ->check(CLI::Range(1U, 256U));
  command.add_option("--vcpu-type", options.vcpu_type, "QEMU's type of the vCPUs")
      ->check(CLI::IsMember(types));
  command.add_option("--kernel", options.kernel, "the kernel whose hash the VMM passes");
  command.add_option("--initrd", options.initrd, "the initrd, with --kernel");
  command.add_option("--append", options.append, "the command line, with --kernel");
  command.add_option("--guest-features", options.guest_features, "SEV_FEATURES of each vCPU, as 0x1")
      ->capture_default_str();
  command.add_option("--vmm", options.vmm, "whose first register state")
      ->check(CLI::IsMember({"qemu", "ec2", "gce"}))
      ->capture_default_str();
}

void add_digest(CLI::App& snp, Action& action) {
  auto options = std::make_shared<SnpDigestOptions>();
  auto json = std::make_shared<bool>(false);
  auto* command = snp.add_subcommand("digest", "compute the launch digest of a guest");
  command->footer(digest_details);
  add_guest(*command, options->guest);
  auto* svsm =
      command->add_option("--svsm", options->guest.svsm, "an SVSM image in front of the firmware; QEMU only");
  command
      ->add_option("--vars-size", options->guest.vars_size, "with --svsm: bytes of the firmware's variables")
      ->needs(svsm);
  command->add_flag("--json", *json, "print one JSON object with \"launch_digest\"");
  command->callback([options, json, &action] {
    options->format = *json ? OutputFormat::json : OutputFormat::text;
    action = [options] { return snp_digest(*options); };
  });
}

void add_explain(CLI::App& snp, Action& action) {
  auto options = std::make_shared<SnpExplainOptions>();
  auto json = std::make_shared<bool>(false);
  auto* command = snp.add_subcommand("explain", "say why a launch digest is another one than expected");
  command->footer(explain_details);
  command->add_option("--expected", options->expected, "the digest that was expected, in hexadecimal")
      ->required();
  add_guest(*command, options->guest);
  command->add_flag("--json", *json, "print one JSON object with \"found\", \"equal\" and \"differences\"");
  command->callback([options, json, &action] {
    options->format = *json ? OutputFormat::json : OutputFormat::text;
    action = [options] { return snp_explain(*options); };
  });
}

void add_id_block(CLI::App& snp, Action& action) {
  auto options = std::make_shared<SnpIdBlockOptions>();
  auto json = std::make_shared<bool>(false);
  auto shared = std::make_shared<bool>(false);
  auto* command = snp.add_subcommand("id-block", "make and sign an id block");
  command->footer(id_block_details);
  command->add_option("--digest", options->digest, "the launch digest, in hexadecimal")->required();
  command->add_option("--id-key", options->id_key, "the private key that signs it, PEM, on P-384")
      ->required();
  command->add_option("--author-key", options->author_key, "a private key that signs the id key");
  command->add_option("--family-id", options->family_id, "32 hexadecimal digits; zero if not given");
  command->add_option("--image-id", options->image_id, "32 hexadecimal digits; zero if not given");
  command->add_option("--guest-svn", options->guest_svn, "the guest's security version")
      ->capture_default_str();
  command->add_option("--policy", options->policy, "the guest policy, as 0x30000")->capture_default_str();
  command->add_flag("--allow-shared-key", *shared, "take a private key that others can read");
  command->add_flag("--json", *json, "print one JSON object");
  command->callback([options, json, shared, &action] {
    options->format = *json ? OutputFormat::json : OutputFormat::text;
    options->shared_key = *shared ? SharedKey::allowed : SharedKey::refused;
    action = [options] { return snp_id_block(*options); };
  });
}

}  // namespace

void add_snp(CLI::App& app, Action& action) {
  auto* snp = app.add_subcommand("snp", "compute, explain and sign the launch digest of an SEV-SNP guest");
  snp->require_subcommand(1);
  add_digest(*snp, action);
  add_explain(*snp, action);
  add_id_block(*snp, action);
}

}  // namespace immure::attest
