#pragma once

#include <span>
#include <string>
#include <string_view>

#include "policy/guest_record.hpp"
#include "policy/toml/table_reader.hpp"

namespace immure::policy::toml_text {

/// Reads the tables of a guest specification into a record; what is wrong goes to the Diagnostics.
class GuestSpecReader {
 public:
  GuestSpecReader(std::string_view base_directory, Diagnostics& diagnostics)
      : base_directory_(base_directory), diagnostics_(&diagnostics) {}

  GuestRecord read(const toml::table& document);

 private:
  void read_identity(TableReader& root);
  void read_boot(TableReader boot);
  void read_machine(TableReader& root);
  void read_numa(TableReader& numa);
  void check_numa(TableReader& numa);
  void read_cpu(TableReader cpu);
  void read_memory(TableReader memory);
  void read_disks(TableReader& root);
  DiskRecord read_disk(TableReader& disk, std::size_t index);
  static VerityRecord read_verity(TableReader& disk, DiskAccess access);
  /// Completes the command line by what such disks need: after everything else was read.
  void read_verity_boot(TableReader& root);
  void read_nets(TableReader& root);
  NetRecord read_net(TableReader& net, std::span<const NetRecord> earlier);
  /// False where the network has an interface of the host instead.
  bool read_passt(TableReader& net, NetRecord& record, std::span<const NetRecord> earlier);
  void read_interface(TableReader& net, NetRecord& record, std::span<const NetRecord> earlier);
  void read_scheduling(TableReader& cpu);
  void read_resources(TableReader resources);
  void check_pinning(TableReader& resources);

  static void read_addresses(TableReader& net, NetRecord& record);
  /// After the interface and the limit.
  static void read_vhost(TableReader& net, NetRecord& record);
  HostPath read_path(TableReader& table, const Key& key);

  std::string base_directory_;
  Diagnostics* diagnostics_;
  GuestRecord record_;
};

}  // namespace immure::policy::toml_text
