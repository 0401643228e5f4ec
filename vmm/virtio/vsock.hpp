#pragma once

#include <memory>

#include "base/io.hpp"
#include "base/unique_fd.hpp"
#include "vmm/rate_limited_log.hpp"
#include "vmm/virtio/device.hpp"
#include "vmm/virtio/vsock_connection.hpp"

namespace immure::vmm::virtio {

/// Sockets between guest and host (VIRTIO 1.2, 5.10), streams only. The device keeps counts, no data: what
/// the guest sends goes to the monitor at once (policy/vsock_frame.hpp) or stays in the guest's ring, and
/// what the monitor sends stays in the socket between the two until the guest has a buffer for it. The
/// guest's and the monitor's credit are both checked. The guest speaks to the host alone: no CID but 2
/// leads anywhere.
class Vsock final : public Device {
 public:
  /// `channel`: a SEQPACKET socket to the monitor; made non-blocking.
  static Result<std::unique_ptr<Vsock>> create(UniqueFd channel, std::uint32_t guest_cid);

  [[nodiscard]] const DeviceTraits& traits() const override { return traits_; }
  [[nodiscard]] std::span<const std::byte> config() const override { return bytes_of(guest_cid_); }
  void start(std::uint64_t /*features*/) override {}
  Result<Progress> serve(std::uint16_t index, Virtqueue& queue) override;
  void reset() override;
  [[nodiscard]] int host_fd() const override { return channel_.get(); }

 private:
  enum class Transfer { done, waits };

  Vsock(UniqueFd channel, std::uint32_t guest_cid);

  // What the guest sends.
  Result<Progress> serve_output(Virtqueue& queue);
  Result<Transfer> handle_packet();
  Transfer handle_request(const VsockHeader& header);
  Transfer handle_known(VsockConnection& connection, const VsockHeader& header);
  Transfer forward(VsockConnection& connection, const VsockHeader& header);
  Transfer close(VsockConnection& connection);
  void forget(const VsockConnection& connection);

  // What the guest is sent.
  Result<Progress> serve_input(Virtqueue& queue);
  bool fetch_frame();
  void handle_frame(const policy::VsockFrame& frame);
  void handle_credit(VsockConnection& connection, std::uint32_t bytes);
  void accept_data(const policy::VsockFrame& frame);
  bool owes_packet();
  Result<Transfer> send_packet(Virtqueue& queue);
  Result<void> write_packet(Virtqueue& queue, VsockPorts ports, VsockConnection* connection, VsockPacketOp op,
                            std::uint32_t flags, std::span<const std::byte> data);

  bool tell_reset();
  void tell_grants();
  Transfer tell(const policy::VsockFrame& frame);

  DeviceTraits traits_;
  std::uint64_t guest_cid_;
  UniqueFd channel_;
  VsockConnections connections_;
  bool owes_reset_frame_ = true;  // the monitor may still know those of an earlier guest or driver
  DescriptorChain output_;
  bool output_is_held_ = false;
  std::uint32_t output_done_ = 0;  // bytes of its payload that were forwarded
  DescriptorChain input_;
  bool input_is_held_ = false;
  std::array<std::byte, sizeof(policy::VsockFrame) + policy::max_vsock_payload> frame_{};
  VsockPorts data_ports_;
  std::uint32_t data_size_ = 0;  // of a data frame in frame_; 0: there is none
  std::uint32_t data_done_ = 0;
  IoVectors vectors_{};
  RateLimitedLog log_;
};

}  // namespace immure::vmm::virtio
