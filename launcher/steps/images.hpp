#pragma once

#include "launcher/launch.hpp"

namespace immure::launcher {

/// Kernel and initrd: opened once, copied into a sealed memfd. What was copied is what boots.
struct CopyImage {
  static constexpr auto failure = policy::ExitCode::image_refused;
  static constexpr std::uint64_t max_bytes = 1ULL << 30;

  std::string path;
  policy::FileRole role{};

  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

/// A disk: opened once, checked and locked, all through the same fd that the VMM gets.
struct OpenDisk {
  static constexpr auto failure = policy::ExitCode::image_refused;

  std::string path;
  policy::DiskAccess access{};

  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

/// The same fds again: a disk of this guest alone gets its label, a read-only one that of shared content.
struct LabelDisks {
  static constexpr auto failure = policy::ExitCode::image_refused;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

/// What the VMM is told, in a sealed memfd.
struct WriteRecord {
  static constexpr auto failure = policy::ExitCode::failure;
  Result<void> apply(Launch& launch) const;
  [[nodiscard]] std::string describe() const;
};

}  // namespace immure::launcher
