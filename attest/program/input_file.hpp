#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attest/program/failure.hpp"
#include "attest/x509/certificate_files.hpp"
#include "base/unique_fd.hpp"

namespace immure::attest {

/// A regular file that was opened while the program still could. It is read later, by who can do nothing
/// else.
struct InputFile {
  std::string name;  ///< for messages
  UniqueFd fd;
  std::size_t size = 0;  ///< when it was opened: never more than its limit
};

/// An Error where `path` is no regular file or has more than `limit` bytes.
Expected<InputFile> open_input(const std::string& path, std::size_t limit);
/// The same of a descriptor that was handed over; it is ours then.
Expected<InputFile> input_of_descriptor(int fd, const std::string& name, std::size_t limit);
/// Nothing where the path is empty: the option was not given.
Expected<std::optional<InputFile>> open_optional_input(const std::string& path, std::size_t limit);

/// The files of a directory, in the order of their names, without those below it.
struct InputDirectory {
  static constexpr std::size_t most_files = 256;
  std::vector<InputFile> files;
  std::vector<std::string> ignored;  ///< "NAME: why"
};
Expected<InputDirectory> open_input_directory(const std::string& path, std::size_t limit);
/// The same of a directory, or of one file alone.
Expected<InputDirectory> open_input_files(const std::string& path, std::size_t limit);

/// All bytes of the file, from its start; an Error where it is no longer as large as it was.
Result<NamedBytes> read_input(const InputFile& file);
Result<std::vector<NamedBytes>> read_inputs(const InputDirectory& directory);
Result<std::string> read_input_text(const InputFile& file);

}  // namespace immure::attest
