#include "vmm/boot/gzip_member.hpp"

#include <algorithm>
#include <array>

#include <zlib.h>

namespace immure::vmm::boot {

namespace {

constexpr int gzip_with_largest_window = 16 + MAX_WBITS;  // zlib.h, inflateInit2()

using Buffer = std::array<std::byte, 32 * std::size_t{1024}>;

/// zlib's state, which it frees again.
class Inflater {
 public:
  Inflater() : is_ready_(::inflateInit2(&stream_, gzip_with_largest_window) == Z_OK) {}
  ~Inflater() { (void)::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  [[nodiscard]] bool is_ready() const { return is_ready_; }
  [[nodiscard]] bool wants_input() const { return stream_.avail_in == 0; }
  [[nodiscard]] std::uint64_t taken() const { return stream_.total_in; }
  [[nodiscard]] std::uint64_t unpacked() const { return stream_.total_out; }

  void give(std::span<std::byte> input) {
    stream_.next_in = reinterpret_cast<Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
  }

  int unpack(std::span<std::byte> output) {
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = static_cast<uInt>(output.size());
    return ::inflate(&stream_, Z_NO_FLUSH);
  }

 private:
  z_stream stream_{};
  bool is_ready_;
};

}  // namespace

Result<std::uint64_t> gzip_member_size(const ImageFile& file, std::uint64_t offset, std::uint64_t most) {
  Inflater inflater;
  if (!inflater.is_ready()) return invalid("zlib: no memory");
  Buffer input;
  Buffer output;
  std::uint64_t given = 0;
  for (;;) {
    if (inflater.wants_input()) {
      const auto part =
          std::span(input).first(std::min(file.size() - offset - given, std::uint64_t{input.size()}));
      if (part.empty()) {
        return file.refuse("was cut off at byte " + std::to_string(file.size()) +
                           ": a gzip archive does not end in it");
      }
      IMMURE_TRY(file.read_bytes(offset + given, part, "a gzip archive"));
      inflater.give(part);
      given += part.size();
    }
    const auto outcome = inflater.unpack(output);
    if (inflater.unpacked() > most) {
      return file.refuse("unpacks to more than the guest's memory of " + std::to_string(most) + " bytes");
    }
    if (outcome == Z_STREAM_END) return inflater.taken();
    if (outcome != Z_OK) {
      return file.refuse("is broken before byte " + std::to_string(offset + inflater.taken()) +
                         ": the gzip archive cannot be unpacked");
    }
  }
}

}  // namespace immure::vmm::boot
