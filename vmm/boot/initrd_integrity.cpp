#include "vmm/boot/initrd_integrity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>

#include "base/io.hpp"
#include "vmm/boot/gzip_member.hpp"

namespace immure::vmm::boot {

namespace {

constexpr std::uint32_t zstd_magic = 0xfd2f'b528;
constexpr std::uint32_t gzip_magic = 0x8b1f;  // the first 16 bits
constexpr std::uint32_t lz4_legacy_magic = 0x184c'2102;
constexpr std::uint32_t cpio_magic_start = 0x3730'3730;  // "0707"
constexpr std::array<unsigned char, 6> xz_magic{0xfd, '7', 'z', 'X', 'Z', 0};
constexpr std::string_view xz_end = "YZ";

/// cpio's "newc" header: ASCII, every number eight hexadecimal digits.
struct CpioHeader {
  std::array<char, 6> magic;  ///< "070701", or "070702" with checksums
  std::array<std::array<char, 8>, 13> fields;

  static constexpr std::size_t file_size = 6;
  static constexpr std::size_t name_size = 11;
};
static_assert(sizeof(CpioHeader) == 110);

constexpr std::uint64_t aligned(std::uint64_t offset) { return (offset + 3) & ~std::uint64_t{3}; }

/// Walks one initrd from its first part to its last.
class Walk {
 public:
  Walk(const ImageFile& file, std::uint64_t memory_bytes) : file_(file), memory_bytes_(memory_bytes) {}

  Result<void> run() {
    while (IMMURE_TRY(skip_zeros())) {
      const auto walk_part = IMMURE_TRY(next_part());
      if (walk_part == nullptr) return {};
      IMMURE_TRY((this->*walk_part)());
    }
    return {};
  }

 private:
  using Part = Result<void> (Walk::*)();
  enum class Entry { file, trailer };

  /// Yields whether anything follows.
  Result<bool> skip_zeros() {
    std::array<std::byte, 4096> block{};
    while (at_ < file_.size()) {
      const auto bytes = std::span(block).first(std::min<std::uint64_t>(block.size(), file_.size() - at_));
      IMMURE_TRY(file_.read_bytes(at_, bytes, "padding"));
      const auto found = std::ranges::find_if(bytes, [](std::byte byte) { return byte != std::byte{}; });
      at_ += static_cast<std::uint64_t>(found - bytes.begin());
      if (found != bytes.end()) return true;
    }
    return false;
  }

  /// How to walk what comes next; nullptr where nothing is known of it.
  Result<Part> next_part() {
    if (file_.size() - at_ < xz_magic.size()) return cut_off("it ends with the beginning of an archive");
    const auto magic = IMMURE_TRY(file_.read<std::uint32_t>(at_, "the first bytes"));
    if (magic == cpio_magic_start) return &Walk::cpio_archive;
    if (magic == zstd_magic) return &Walk::zstd_frame;
    if (magic == lz4_legacy_magic) return &Walk::lz4_frame;
    if ((magic & 0xffff) == gzip_magic) return &Walk::gzip_member;
    const auto longest =
        IMMURE_TRY(file_.read<std::remove_const_t<decltype(xz_magic)>>(at_, "the first bytes"));
    return longest == xz_magic ? &Walk::xz_stream : Part(nullptr);
  }

  Result<void> cpio_archive() {
    do {
      if (at_ == file_.size()) return cut_off("the archive has no end (TRAILER!!!)");
    } while (IMMURE_TRY(cpio_entry()) == Entry::file);
    return {};
  }

  Result<Entry> cpio_entry() {
    const auto header = IMMURE_TRY(take<CpioHeader>("the header of a file"));
    const std::string_view magic(header.magic.data(), header.magic.size());
    if (magic != "070701" && magic != "070702") return broken("no cpio header where a file begins");
    const auto name_size = IMMURE_TRY(number(header, CpioHeader::name_size));
    const auto size = IMMURE_TRY(number(header, CpioHeader::file_size));

    constexpr std::array trailer = std::to_array("TRAILER!!!");  // with its NUL
    std::array<char, trailer.size()> name{};
    if (name_size == name.size()) name = IMMURE_TRY(file_.read<decltype(name)>(at_, "the name of a file"));
    IMMURE_TRY(pass(aligned(at_ + name_size) - at_, "the name of a file"));
    IMMURE_TRY(pass(size, "a file"));
    // The last padding may be missing.
    at_ = std::min(aligned(at_), file_.size());
    return name == trailer ? Entry::trailer : Entry::file;
  }

  Result<std::uint64_t> number(const CpioHeader& header, std::size_t field) const {
    const auto& digits = header.fields[field];
    std::uint64_t value = 0;
    const auto* const end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, value, 16);
    if (error != std::errc{} || stopped != end)
      return broken("the header of a file has a number that is none");
    return value;
  }

  Result<void> zstd_frame() {
    constexpr std::array<std::uint64_t, 4> dictionary_id_sizes{0, 1, 2, 4};
    IMMURE_TRY(pass(sizeof zstd_magic, "a zstd frame"));
    const auto descriptor = IMMURE_TRY(take<std::uint8_t>("a zstd frame"));
    const bool single_segment = (descriptor & 0x20) != 0;
    const auto content_size_flag = unsigned{descriptor} >> 6U;
    std::uint64_t header = dictionary_id_sizes[descriptor & 3U];
    if (!single_segment) header += 1;  // the window descriptor
    if (content_size_flag != 0 || single_segment) header += 1ULL << content_size_flag;
    IMMURE_TRY(pass(header, "a zstd frame"));
    while (!IMMURE_TRY(zstd_block_is_last())) {
    }
    const bool has_checksum = (descriptor & 4U) != 0;
    return pass(has_checksum ? 4 : 0, "a zstd frame");
  }

  Result<bool> zstd_block_is_last() {
    const auto bytes = IMMURE_TRY((take<std::array<std::uint8_t, 3>>("a zstd block")));
    const std::uint32_t header = bytes[0] | std::uint32_t{bytes[1]} << 8U | std::uint32_t{bytes[2]} << 16U;
    const auto type = (header >> 1U) & 3U;
    if (type == 3) return broken("a zstd block has a type that is reserved");
    const bool repeats_one_byte = type == 1;
    IMMURE_TRY(pass(repeats_one_byte ? 1 : header >> 3U, "a zstd block"));
    return (header & 1U) != 0;
  }

  /// Its blocks go on to the end of the file: nothing says which is the last.
  Result<void> lz4_frame() {
    while (file_.size() - at_ >= sizeof(std::uint32_t)) {
      const auto size = IMMURE_TRY(take<std::uint32_t>("an LZ4 block"));
      if (size != lz4_legacy_magic) IMMURE_TRY(pass(size, "an LZ4 block"));
    }
    const auto rest = file_.size() - at_;
    if (IMMURE_TRY(skip_zeros())) return cut_off(std::to_string(rest) + " bytes are no LZ4 block");
    return {};
  }

  /// Where its blocks end is in its index, which stands at the end: only the end can be told.
  Result<void> xz_stream() {
    std::array<char, 4096> block{};
    auto end = file_.size();
    while (end > at_) {
      const auto size = std::min<std::uint64_t>(block.size(), end - at_);
      const auto bytes = std::span(block).first(size);
      IMMURE_TRY(file_.read_bytes(end - size, std::as_writable_bytes(bytes), "an xz stream"));
      const auto last = std::string_view(bytes.data(), bytes.size()).find_last_not_of('\0');
      end -= size;
      if (last == std::string_view::npos) continue;
      end += last + 1;
      break;
    }
    std::array<char, xz_end.size()> footer{};
    if (end - at_ >= footer.size()) {
      footer = IMMURE_TRY(file_.read<decltype(footer)>(end - footer.size(), "an xz stream"));
    }
    if (std::string_view(footer.data(), footer.size()) != xz_end) return cut_off("an xz stream has no end");
    at_ = file_.size();
    return {};
  }

  Result<void> gzip_member() {
    at_ += IMMURE_TRY(gzip_member_size(file_, at_, memory_bytes_));
    return {};
  }

  /// Reads an object and goes past it.
  template <typename T>
  Result<T> take(std::string_view what) {
    if (file_.size() - at_ < sizeof(T)) return cut_off(std::string(what) + " does not end in it");
    const auto object = IMMURE_TRY(file_.read<T>(at_, what));
    at_ += sizeof(T);
    return object;
  }

  Result<void> pass(std::uint64_t size, std::string_view what) {
    if (file_.size() - at_ < size) {
      return cut_off(std::string(what) + " needs " + std::to_string(size) + " bytes more, of which " +
                     std::to_string(file_.size() - at_) + " are there");
    }
    at_ += size;
    return {};
  }

  [[nodiscard]] std::unexpected<Error> cut_off(const std::string& how) const {
    return file_.refuse("was cut off at byte " + std::to_string(file_.size()) + ": " + how);
  }

  [[nodiscard]] std::unexpected<Error> broken(const std::string& how) const {
    return file_.refuse("is broken before byte " + std::to_string(at_) + ": " + how);
  }

  const ImageFile& file_;
  std::uint64_t memory_bytes_;
  std::uint64_t at_ = 0;
};

}  // namespace

Result<void> check_initrd(const ImageFile& initrd, std::uint64_t memory_bytes) {
  return Walk(initrd, memory_bytes).run();
}

}  // namespace immure::vmm::boot
