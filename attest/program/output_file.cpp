#include "attest/program/output_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "base/io.hpp"

namespace immure::attest {

Expected<OutputFile> open_output(const std::string& path, Readers readers) {
  const mode_t mode = readers == Readers::owner ? 0600 : 0644;
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode));
  if (!fd) return std::unexpected(Failure(system_error("write " + path).error()));
  return OutputFile{.name = path, .fd = std::move(fd)};
}

Expected<void> write_output(const OutputFile& file, Bytes bytes) {
  if (const auto written = write_all(file.fd.get(), std::as_bytes(bytes)); !written) {
    return std::unexpected(Failure(with_context(file.name, written.error()).error()));
  }
  // EINVAL: it is no regular file, such as /dev/null, and has no length.
  if (::ftruncate(file.fd.get(), static_cast<off_t>(bytes.size())) != 0 && errno != EINVAL) {
    return std::unexpected(Failure(system_error("shorten " + file.name).error()));
  }
  return {};
}

}  // namespace immure::attest
