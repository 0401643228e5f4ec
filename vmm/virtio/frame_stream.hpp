#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "vmm/virtio/descriptor_chain.hpp"
#include "vmm/virtio/net_backend.hpp"
#include "vmm/virtio/net_layout.hpp"

namespace immure::vmm::virtio {

/// Frames over a stream socket, as passt(1) speaks: each has its length in front, 32 bits, big-endian, and no
/// NetHeader, which is taken off and put on here. The peer is a program that a guest's network traffic may
/// have taken over: a length that no frame has ends the connection, and nothing is allocated by what it
/// sends.
class FrameStream final : public NetBackend {
 public:
  static constexpr std::size_t max_length = max_frame_bytes - sizeof(NetHeader);
  using Prefix = std::array<std::uint8_t, 4>;

  /// `socket` is a connected stream socket.
  static Result<std::unique_ptr<FrameStream>> create(UniqueFd socket);

  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] std::uint64_t features() const override { return 0; }
  Result<void> use_features(std::uint64_t /*features*/) override { return {}; }
  Result<Sent> send(std::span<const iovec> frame) override;
  Result<Sent> flush() override;
  Result<std::size_t> receive(std::span<std::byte> into) override;
  [[nodiscard]] int end_event() const override { return end_event_.get(); }

 private:
  enum class Filled { some, nothing };

  FrameStream(UniqueFd socket, UniqueFd end_event)
      : socket_(std::move(socket)),
        end_event_(std::move(end_event)),
        unsent_(sizeof(Prefix) + max_length),
        input_(2 * (sizeof(Prefix) + max_length)) {}

  /// Nothing more is sent or received: the link is down for good.
  std::unexpected<Error> end(const std::string& why);
  void keep_rest(std::span<const iovec> parts, std::size_t sent);
  Result<std::size_t> take_frame(std::span<std::byte> into);
  Result<Filled> fill();

  UniqueFd socket_;
  UniqueFd end_event_;
  bool has_ended_ = false;
  // What is left of a frame that the socket took in part; then come no bytes of another one before it.
  std::vector<std::byte> unsent_;
  std::size_t unsent_from_ = 0;
  std::size_t unsent_to_ = 0;
  // What came and was not taken yet.
  std::vector<std::byte> input_;
  std::size_t input_from_ = 0;
  std::size_t input_to_ = 0;
  std::array<iovec, max_queue_size + 1> parts_{};
};

}  // namespace immure::vmm::virtio
