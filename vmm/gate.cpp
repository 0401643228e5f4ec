#include "vmm/gate.hpp"

#include <sys/socket.h>

#include "base/io.hpp"
#include "policy/vmm_record.hpp"

namespace immure::vmm {

Result<void> pass_gate(int gate_fd, std::uint32_t threads) {
  policy::VmmReady ready;
  ready.header = policy::header_of<policy::VmmReady>();
  ready.threads = threads;
  if (::send(gate_fd, &ready, sizeof(ready), MSG_NOSIGNAL) < 0) return system_error("tell the keeper: ready");

  policy::VmmGo go;
  ssize_t size = 0;
  do {
    size = ::recv(gate_fd, &go, sizeof(go), MSG_TRUNC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return system_error("wait for the keeper's word");
  if (size == 0) return invalid("the keeper went away before the guest was let go");
  if (size != sizeof(go)) return invalid("the keeper's word has a wrong size");
  return policy::check_header(go, "the keeper's word");
}

}  // namespace immure::vmm
