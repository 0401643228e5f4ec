#pragma once

namespace immure::policy {

/// The file descriptors that a VMM is born with: these numbers and no others. The keeper compares them with
/// /proc before the guest runs.
namespace vmm_fd {
constexpr int null_in = 0;      ///< /dev/null
constexpr int null_out = 1;     ///< /dev/null
constexpr int log = 2;          ///< pipe to the monitor: log lines
constexpr int record = 3;       ///< sealed memfd: VmmRecord
constexpr int gate = 4;         ///< SEQPACKET socket to the keeper: VmmReady out, VmmGo in
constexpr int kvm = 5;          ///< /dev/kvm
constexpr int console = 6;      ///< STREAM socket to the monitor: the guest's console
constexpr int control = 7;      ///< SEQPACKET socket to the monitor: ControlMessage
constexpr int kernel = 8;       ///< sealed memfd: bzImage or ELF
constexpr int initrd = 9;       ///< sealed memfd; absent where there is no initrd
constexpr int vsock = 10;       ///< SEQPACKET socket to the monitor: VsockFrame; absent without vsock
constexpr int first_disk = 16;  ///< disk i is first_disk + i
constexpr int first_net = 48;   ///< network i is first_net + i: an attached tap, or a STREAM socket to passt
/// Network i has /dev/vhost-net at first_vhost + i where it goes through that.
constexpr int first_vhost = 56;
}  // namespace vmm_fd

/// The same for a guest's monitor.
namespace monitor_fd {
constexpr int null_in = 0;
constexpr int null_out = 1;
constexpr int null_err = 2;
constexpr int log = 3;       ///< pipe from the VMM: log lines
constexpr int console = 4;   ///< STREAM socket to the VMM
constexpr int control = 5;   ///< SEQPACKET socket to the VMM
constexpr int listener = 6;  ///< SEQPACKET AF_UNIX listener: /run/immure/guests/NAME/monitor.sock
constexpr int vsock = 7;  ///< SEQPACKET socket to the VMM: VsockFrame; absent without vsock, as is the next
constexpr int vsock_listener = 8;  ///< STREAM AF_UNIX listener: /run/immure/guests/NAME/vsock.sock
constexpr int varlink = 9;         ///< STREAM AF_UNIX listener: /run/immure/guests/NAME/varlink.sock
constexpr int record = 10;         ///< sealed memfd: VmmRecord, the same that the VMM has
}  // namespace monitor_fd

/// And for its passt.
namespace passt_fd {
constexpr int null_in = 0;
constexpr int null_out = 1;
constexpr int log = 2;     ///< pipe to the monitor, the VMM's own: what passt has to say before it serves
constexpr int frames = 3;  ///< STREAM socket to the VMM
}  // namespace passt_fd

}  // namespace immure::policy
