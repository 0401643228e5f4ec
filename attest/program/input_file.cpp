#include "attest/program/input_file.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/files.hpp"
#include "base/io.hpp"

namespace immure::attest {
namespace {

Result<InputFile> checked_input(UniqueFd fd, const std::string& shown, std::size_t limit) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return system_error("fstat " + shown);
  if (!S_ISREG(status.st_mode)) return invalid("open " + shown + ": it is not a regular file");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > limit) {
    return invalid("read " + shown + ": it has " + std::to_string(size) + " bytes, at most " +
                   std::to_string(limit) + " are allowed");
  }
  return InputFile{.name = shown, .fd = std::move(fd), .size = size};
}

Result<InputFile> open_regular(int directory, const std::string& name, const std::string& shown,
                               std::size_t limit) {
  // O_NONBLOCK: a FIFO without a writer must not hang the open.
  UniqueFd fd(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return system_error("open " + shown);
  return checked_input(std::move(fd), shown, limit);
}

}  // namespace

Expected<InputFile> open_input(const std::string& path, std::size_t limit) {
  return IMMURE_TRY(open_regular(AT_FDCWD, path, path, limit));
}

Expected<InputFile> input_of_descriptor(int fd, const std::string& name, std::size_t limit) {
  return IMMURE_TRY(checked_input(UniqueFd(fd), name, limit));
}

Expected<std::optional<InputFile>> open_optional_input(const std::string& path, std::size_t limit) {
  if (path.empty()) return std::nullopt;
  return IMMURE_TRY(open_input(path, limit));
}

Expected<InputDirectory> open_input_files(const std::string& path, std::size_t limit) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0)
    return std::unexpected(Failure(system_error("open " + path).error()));
  if (S_ISDIR(status.st_mode)) return open_input_directory(path, limit);
  InputDirectory one;
  one.files.push_back(IMMURE_TRY(open_input(path, limit)));
  return one;
}

Expected<InputDirectory> open_input_directory(const std::string& path, std::size_t limit) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return system_error("open the directory " + path);
  UniqueFd listed(::fcntl(directory.get(), F_DUPFD_CLOEXEC, 0));
  if (!listed) return system_error("list " + path);
  auto names = IMMURE_TRY(list_directory(std::move(listed), path));
  std::ranges::sort(names);
  InputDirectory out;
  for (const auto& name : names) {
    if (out.files.size() == InputDirectory::most_files) {
      return invalid(path + ": more than " + std::to_string(InputDirectory::most_files) + " files in it");
    }
    auto file = open_regular(directory.get(), name, name, limit);
    if (file) {
      out.files.push_back(*std::move(file));
    } else {
      out.ignored.push_back(file.error().message);
    }
  }
  return out;
}

Result<NamedBytes> read_input(const InputFile& file) {
  NamedBytes out{.name = file.name, .bytes = ByteVector(file.size)};
  if (const auto read = pread_exactly(file.fd.get(), std::as_writable_bytes(std::span(out.bytes)), 0);
      !read) {
    return with_context("read " + file.name, read.error());
  }
  return out;
}

Result<std::vector<NamedBytes>> read_inputs(const InputDirectory& directory) {
  std::vector<NamedBytes> out;
  for (const auto& file : directory.files) out.push_back(IMMURE_TRY(read_input(file)));
  return out;
}

Result<std::string> read_input_text(const InputFile& file) {
  const auto bytes = IMMURE_TRY(read_input(file));
  return std::string(bytes.bytes.begin(), bytes.bytes.end());
}

}  // namespace immure::attest
