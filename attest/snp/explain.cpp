#include "attest/snp/explain.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

namespace immure::attest::snp {
namespace {

constexpr std::uint32_t most_vcpus = 256;

/// One value of one input, and how far it is from what was given: 0 or 1, or 2 for two inputs of a kernel.
struct Kernel {
  std::optional<LaunchInputs::Kernel> value;
  std::vector<Difference> differences;
};

struct Variant {
  LaunchInputs inputs;
  std::vector<Difference> differences;
};

std::string hex_number(std::uint64_t value) {
  std::string out(18, '0');
  const auto [end, error] = std::to_chars(out.data(), out.data() + out.size(), value, 16);
  out.resize(static_cast<std::size_t>(end - out.data()));
  return "0x" + out;
}

std::string_view name_of(Vmm vmm) {
  switch (vmm) {
    case Vmm::qemu:
      return "qemu";
    case Vmm::ec2:
      return "ec2";
    case Vmm::gce:
      break;
  }
  return "gce";
}

/// Several types share a signature: all of them give the same digest.
std::string types_of(std::uint32_t signature) {
  std::string out;
  for (const auto& type : cpu_types()) {
    if (type.signature == signature) out += (out.empty() ? "" : ", ") + std::string(type.name);
  }
  return out.empty() ? hex_number(signature) : out;
}

struct CommandLine {
  std::string text;
  std::string words;
};

std::vector<CommandLine> command_lines(const std::string& given) {
  std::vector<CommandLine> out{{given + "\n", "with a newline behind it"},
                               {given + " ", "with a space behind it"},
                               {" " + given, "with a space in front of it"},
                               {given + std::string(1, '\0'), "with a NUL behind it"},
                               {"", "empty"}};
  const auto first = given.find_first_not_of(" \t\n");
  const auto last = given.find_last_not_of(" \t\n");
  if (first != std::string::npos) {
    out.push_back({given.substr(first, last - first + 1), "without white space at its ends"});
  }
  std::erase_if(out, [&](const CommandLine& line) { return line.text == given; });
  return out;
}

Result<std::vector<Kernel>> kernels(const std::optional<LaunchInputs::Kernel>& given) {
  std::vector<Kernel> out{{.value = given, .differences = {}}};
  if (!given) return out;
  out.push_back({.value = std::nullopt, .differences = {{"kernel", "hashes not passed", "hashes passed"}}});
  for (const auto& line : command_lines(given->command_line)) {
    auto& other = out.emplace_back(out.front());
    other.value->command_line = line.text;
    other.differences = {{"command line", line.words, "\"" + given->command_line + "\""}};
  }
  const auto nothing = IMMURE_TRY(sha256({}));
  if (given->initrd == nothing) return out;
  const auto with_initrd = out;
  for (auto other : with_initrd) {
    if (!other.value) continue;
    other.value->initrd = nothing;
    other.differences.push_back({"initrd", "none", "one"});
    out.push_back(std::move(other));
  }
  return out;
}

/// SEV_FEATURES in use (AMD 24593, volume 2, table B-4): SNP alone, and one bit more or less than given.
std::vector<std::uint64_t> features(std::uint64_t given) {
  constexpr unsigned bits = 16;
  std::vector<std::uint64_t> out{given, 1, 0};
  for (unsigned bit = 0; bit < bits; ++bit) out.push_back(given ^ 1ULL << bit);
  std::ranges::sort(out.begin() + 1, out.end());
  out.erase(std::unique(out.begin() + 1, out.end()), out.end());
  out.erase(std::remove(out.begin() + 1, out.end(), given), out.end());
  return out;
}

std::vector<std::uint32_t> signatures(std::uint32_t given) {
  std::vector<std::uint32_t> out{given};
  for (const auto& type : cpu_types()) {
    if (std::ranges::find(out, type.signature) == out.end()) out.push_back(type.signature);
  }
  return out;
}

/// Every combination, the nearest first; the number of vCPUs is not one of them.
Result<std::vector<Variant>> neighbourhood(const LaunchInputs& given) {
  std::vector<Variant> out;
  for (const auto& kernel : IMMURE_TRY(kernels(given.kernel))) {
    for (const auto vmm : {Vmm::qemu, Vmm::ec2, Vmm::gce}) {
      for (const auto signature : signatures(given.cpu_signature)) {
        if (vmm != Vmm::qemu && signature != given.cpu_signature) continue;  // It is not in their registers.
        for (const auto feature : features(given.guest_features)) {
          auto& variant = out.emplace_back(Variant{.inputs = given, .differences = kernel.differences});
          variant.inputs.kernel = kernel.value;
          variant.inputs.vmm = vmm;
          variant.inputs.cpu_signature = signature;
          variant.inputs.guest_features = feature;
          variant.inputs.vcpus = most_vcpus;
          auto& differences = variant.differences;
          if (vmm != given.vmm) {
            differences.push_back({"VMM", std::string(name_of(vmm)), std::string(name_of(given.vmm))});
          }
          if (signature != given.cpu_signature) {
            differences.push_back({"CPU type", types_of(signature), types_of(given.cpu_signature)});
          }
          if (feature != given.guest_features) {
            differences.push_back({"guest features", hex_number(feature), hex_number(given.guest_features)});
          }
        }
      }
    }
  }
  // Fewest differences first. Not with stable_sort, which in libstdc++ 12 uses what clang calls deprecated.
  std::vector<Variant> sorted;
  for (std::size_t count = 0; sorted.size() < out.size(); ++count) {
    std::ranges::copy_if(out, std::back_inserter(sorted),
                         [&](const Variant& variant) { return variant.differences.size() == count; });
  }
  return sorted;
}

}  // namespace

Result<Explanation> explain_digest(const LaunchInputs& inputs, const Sha384Digest& expected) {
  if (inputs.svsm) return invalid("a guest with an SVSM has no neighbourhood that is searched");
  const auto firmware = IMMURE_TRY(measure_firmware(inputs.firmware));
  Explanation out;
  for (const auto& variant : IMMURE_TRY(neighbourhood(inputs))) {
    if (out.found && variant.differences.size() >= out.differences.size()) break;
    const auto digests = launch_digests_by_vcpus(firmware, variant.inputs);
    if (!digests) continue;  // Such as a kernel without a place for its hashes.
    out.tried += digests->size();
    const auto at = std::ranges::find(*digests, expected);
    if (at == digests->end()) continue;
    const auto vcpus = static_cast<std::uint32_t>(at - digests->begin()) + 1;
    auto differences = variant.differences;
    if (vcpus != inputs.vcpus) {
      differences.insert(differences.begin(), {"vCPUs", std::to_string(vcpus), std::to_string(inputs.vcpus)});
    }
    if (out.found && differences.size() >= out.differences.size()) continue;
    out.found = true;
    out.differences = std::move(differences);
  }
  return out;
}

}  // namespace immure::attest::snp
