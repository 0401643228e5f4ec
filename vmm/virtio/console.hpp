#pragma once

#include <array>
#include <memory>

#include "base/unique_fd.hpp"
#include "vmm/virtio/device.hpp"

namespace immure::vmm::virtio {

/// A console with one port (VIRTIO 1.2, 5.3) on a stream socket. It buffers nothing: output that the peer
/// does not take stays in the guest's own buffers, and input is taken from the socket only as far as the
/// guest gave buffers for it. Once the peer is gone, output is thrown away, so that the guest goes on. The
/// limit is one of output: what is typed is the host's own.
class Console final : public Device {
 public:
  /// Makes the socket non-blocking. The program ignores SIGPIPE: the io thread's system calls do not include
  /// send(2), which could ask for that.
  static Result<std::unique_ptr<Console>> create(UniqueFd socket, const policy::RateLimit& limit = {});

  [[nodiscard]] const DeviceTraits& traits() const override { return traits_; }
  [[nodiscard]] std::span<const std::byte> config() const override { return config_; }
  void start(std::uint64_t /*features*/) override {}
  Result<Progress> serve(std::uint16_t index, Virtqueue& queue) override;
  void reset() override;
  [[nodiscard]] int host_fd() const override { return socket_.get(); }
  std::span<RateLimiter> limits() override { return {&limit_, 1}; }
  void report(policy::StatisticsMessage& statistics) const override;

 private:
  /// A chain that was taken from its queue and not yet given back, and how far it is done.
  struct Held {
    DescriptorChain chain;
    std::uint64_t done = 0;
    bool is_held = false;
  };
  enum class Transfer { moved, blocked };

  Console(UniqueFd socket, const policy::RateLimit& limit);

  Result<Progress> serve_output(Virtqueue& queue);
  Result<Progress> serve_input(Virtqueue& queue);
  Result<Transfer> send_some();
  Result<std::uint32_t> receive_some();

  DeviceTraits traits_;
  std::array<std::byte, 12> config_{};  // columns, rows, ports, emergency write: none offered
  UniqueFd socket_;
  RateLimiter limit_;
  Held output_;
  Held input_;
  IoVectors vectors_{};
  std::uint64_t output_bytes_ = 0;  // that the peer took
  std::uint64_t input_bytes_ = 0;
};

}  // namespace immure::vmm::virtio
