#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/failure.hpp"
#include "cli/proc/process_text.hpp"
#include "cli/state/guest_directory.hpp"

namespace immure::cli {

/// One process as the kernel describes it now.
struct ProcessView {
  int pid = 0;
  std::string label;
  ProcessStatus status;
};

struct ThreadView {
  int tid = 0;
  std::string name;
  std::uint32_t seccomp_mode = 0;
  std::uint32_t seccomp_filters = 0;
};

struct OpenFd {
  int number = 0;
  std::string target;
};

struct FileView {
  std::string path;
  std::string role;
  std::string access;
  /// Of the open file: empty where it has none, nothing where no process holds it that could be asked.
  std::optional<std::string> label;
  std::string sha256;       ///< hexadecimal, or "unmeasured"
  std::string fs_verity{};  ///< "sha256:HEX", of a disk that was measured so
  std::string dm_verity{};  ///< the same, of the root of its tree
};

struct NetView {
  std::string id;
  std::string kind;       ///< "tap", "bridge" or "passt"
  std::string interface;  ///< of the host, as the kernel names what the VMM's fd is attached to; empty: none
  std::string mac;        ///< the guest's
  std::vector<std::string> forwards{};  ///< with passt: "tcp:127.0.0.1:8080:80"
};

/// A namespace of the VMM: the kernel's name for it ("net:[4026532201]") and whether this program is in it
/// too.
struct NamespaceView {
  enum class Relation { own, shared_with_host };
  std::string kind;
  std::string name;
  Relation relation = Relation::shared_with_host;
};

enum class RootAccess { read_only, writable };

/// What `immure inspect` shows. `guest` says where to look; everything else was read from the kernel, from
/// processes held open, so that no later process of the same number can be shown instead.
struct Inspection {
  KnownGuest guest{};
  ProcessView vmm{};
  /// Of the first read-write disk; else of the first disk that carries one. Nothing where it is not known.
  std::optional<std::string> image_label{};
  std::vector<NamespaceView> namespaces{};
  std::string cgroup{};
  std::vector<std::string> root_entries{};
  RootAccess root_access = RootAccess::writable;
  std::string root_file_system{};
  std::vector<OpenFd> open_fds{};
  std::vector<FileView> files{};
  std::vector<NetView> networks{};
  LimitText core_limit{};
  LimitText locked_memory_limit{};
  std::vector<ThreadView> threads{};
  std::optional<ProcessView> keeper{};
  std::optional<ProcessView> monitor{};
  std::optional<ProcessView> passt{};  ///< also nothing where no network goes through it
};

/// Looks at a guest. no_such_guest where it does not run.
Expected<Inspection> inspect_guest(std::string_view name);

/// The JSON object, indented. The keys are part of the interface (immure(1)).
std::string inspection_json(const Inspection& inspection);
/// The same for people.
std::string inspection_text(const Inspection& inspection);

}  // namespace immure::cli
