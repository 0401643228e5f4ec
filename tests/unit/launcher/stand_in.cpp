#include <unistd.h>

#include "base/io.hpp"
#include "policy/fd_layout.hpp"
#include "policy/vmm_record.hpp"

// A program that behaves as a VMM does at its gate, and no more. Its exit status says what went wrong.
int main() {
  using namespace immure;
  policy::VmmReady ready;
  ready.header = policy::header_of<policy::VmmReady>();
  ready.threads = 1;
  if (!write_all(policy::vmm_fd::gate, bytes_of(ready))) return 1;
  policy::VmmGo go;
  if (!read_exactly(policy::vmm_fd::gate, writable_bytes_of(go))) return 2;
  return 0;
}
