#include "attest/snp/launch_digest.hpp"

#include <algorithm>

#include "attest/snp/firmware.hpp"
#include "attest/snp/kernel_hashes.hpp"

namespace immure::attest::snp {
namespace {

constexpr std::size_t page_size = 4096;
constexpr std::uint64_t four_gib = 1ULL << 32;
constexpr std::uint64_t vmsa_gpa = 0xffff'ffff'f000;
constexpr std::uint32_t most_vcpus = 256;

enum class PageType : std::uint8_t { normal = 1, vmsa = 2, zero = 3, unmeasured = 4, secrets = 5, cpuid = 6 };

/// The digest so far, extended by one PAGE_INFO of 70h bytes after the other.
class Measurement {
 public:
  Measurement() = default;
  explicit Measurement(const Sha384Digest& so_far) : digest_(so_far) {}

  Result<void> add(PageType type, std::uint64_t gpa, const Sha384Digest& contents = {}) {
    std::array<std::uint8_t, 0x70> info{};
    std::ranges::copy(digest_, info.begin());
    std::ranges::copy(contents, info.begin() + 48);
    info[96] = info.size();
    info[98] = static_cast<std::uint8_t>(type);
    for (std::size_t i = 0; i < 8; ++i) info[104 + i] = static_cast<std::uint8_t>(gpa >> (8 * i));
    digest_ = IMMURE_TRY(sha384(info));
    return {};
  }
  Result<void> add_normal(std::uint64_t gpa, Bytes bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += page_size) {
      IMMURE_TRY(add(PageType::normal, gpa + at, IMMURE_TRY(sha384(bytes.subspan(at, page_size)))));
    }
    return {};
  }
  Result<void> add_empty(PageType type, const FirmwareSection& section) {
    for (std::uint64_t at = 0; at < section.size; at += page_size) IMMURE_TRY(add(type, section.gpa + at));
    return {};
  }
  [[nodiscard]] const Sha384Digest& digest() const { return digest_; }

 private:
  Sha384Digest digest_{};
};

Result<void> add_section(Measurement& measurement, const FirmwareSection& section,
                         const FirmwareTables& tables, const LaunchInputs& inputs) {
  switch (section.kind) {
    case SectionKind::memory:
      return measurement.add_empty(inputs.vmm == Vmm::gce ? PageType::unmeasured : PageType::zero, section);
    case SectionKind::svsm_caa:
      return measurement.add_empty(PageType::zero, section);
    case SectionKind::secrets:
      return measurement.add(PageType::secrets, section.gpa);
    case SectionKind::cpuid:
      if (inputs.vmm == Vmm::ec2) return {};  // Comes last there.
      return measurement.add(PageType::cpuid, section.gpa);
    case SectionKind::kernel_hashes:
      break;
  }
  if (!inputs.kernel) return measurement.add_empty(PageType::zero, section);
  if (!tables.hash_table_gpa) return invalid("the firmware does not say where the kernel's hashes lie");
  if (section.size != page_size)
    return invalid("the firmware's section for the kernel's hashes is not one page");
  const auto page =
      IMMURE_TRY(make_hash_page(*inputs.kernel, *tables.hash_table_gpa % std::uint32_t{page_size}));
  return measurement.add_normal(section.gpa, page);
}

Result<void> add_sections(Measurement& measurement, const FirmwareTables& tables,
                          const LaunchInputs& inputs) {
  for (const auto& section : tables.sections) IMMURE_TRY(add_section(measurement, section, tables, inputs));
  if (inputs.vmm == Vmm::ec2) {
    for (const auto& section : tables.sections) {
      if (section.kind == SectionKind::cpuid) IMMURE_TRY(measurement.add(PageType::cpuid, section.gpa));
    }
  }
  const bool has_place = std::ranges::find(tables.sections, SectionKind::kernel_hashes,
                                           &FirmwareSection::kind) != tables.sections.end();
  if (inputs.kernel && !has_place) return invalid("the firmware has no section for the kernel's hashes");
  return {};
}

Result<Sha384Digest> with_svsm(const LaunchInputs& inputs) {
  const auto& svsm = *inputs.svsm;
  if (inputs.vmm != Vmm::qemu || inputs.kernel) return invalid("an SVSM goes with qemu and without a kernel");
  IMMURE_TRY(read_firmware_tables(inputs.firmware));
  const auto tables = IMMURE_TRY(read_firmware_tables(svsm.image));
  if (!tables.svsm_entry) return invalid("the SVSM image does not say where it starts");
  const std::uint64_t firmware_gpa = four_gib - inputs.firmware.size();
  const std::uint64_t above = svsm.variable_bytes + svsm.image.size();
  if (above > firmware_gpa) return invalid("the firmware's variables do not fit below it");
  const auto svsm_gpa = firmware_gpa - above;
  Measurement measurement;
  IMMURE_TRY(measurement.add_normal(firmware_gpa, inputs.firmware));
  IMMURE_TRY(measurement.add_normal(svsm_gpa, svsm.image));
  IMMURE_TRY(add_sections(measurement, tables, inputs));
  const auto eip = static_cast<std::uint32_t>(svsm_gpa + *tables.svsm_entry);
  const auto vmsa = IMMURE_TRY(sha384(make_svsm_vmsa(eip, inputs.cpu_signature)));
  for (std::uint32_t i = 0; i < inputs.vcpus; ++i)
    IMMURE_TRY(measurement.add(PageType::vmsa, vmsa_gpa, vmsa));
  return measurement.digest();
}

}  // namespace

Result<MeasuredFirmware> measure_firmware(Bytes firmware) {
  auto tables = IMMURE_TRY(read_firmware_tables(firmware));
  if (!tables.ap_reset_eip) return invalid("the firmware has no SEV-ES reset block: it is not built for SEV");
  Measurement measurement;
  IMMURE_TRY(measurement.add_normal(four_gib - firmware.size(), firmware));
  return MeasuredFirmware{.digest = measurement.digest(), .tables = std::move(tables)};
}

Result<std::vector<Sha384Digest>> launch_digests_by_vcpus(const MeasuredFirmware& firmware,
                                                          const LaunchInputs& inputs) {
  if (inputs.vcpus < 1 || inputs.vcpus > most_vcpus) return invalid("a guest has 1 to 256 vCPUs");
  Measurement measurement(firmware.digest);
  IMMURE_TRY(add_sections(measurement, firmware.tables, inputs));
  const auto vmsa_at = [&](std::uint32_t eip) {
    return sha384(make_vmsa({.eip = eip,
                             .cpu_signature = inputs.cpu_signature,
                             .guest_features = inputs.guest_features,
                             .vmm = inputs.vmm}));
  };
  const auto first = IMMURE_TRY(vmsa_at(boot_eip));
  const auto others = IMMURE_TRY(vmsa_at(firmware.tables.ap_reset_eip.value_or(boot_eip)));
  std::vector<Sha384Digest> out;
  for (std::uint32_t i = 0; i < inputs.vcpus; ++i) {
    IMMURE_TRY(measurement.add(PageType::vmsa, vmsa_gpa, i == 0 ? first : others));
    out.push_back(measurement.digest());
  }
  return out;
}

Result<Sha384Digest> launch_digest(const LaunchInputs& inputs) {
  if (inputs.vcpus < 1 || inputs.vcpus > most_vcpus) return invalid("a guest has 1 to 256 vCPUs");
  if (inputs.svsm) return with_svsm(inputs);
  const auto firmware = IMMURE_TRY(measure_firmware(inputs.firmware));
  return IMMURE_TRY(launch_digests_by_vcpus(firmware, inputs)).back();
}

}  // namespace immure::attest::snp
