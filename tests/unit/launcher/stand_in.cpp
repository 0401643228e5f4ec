#include <unistd.h>

#include "policy/fd_layout.hpp"
#include "policy/vmm_record.hpp"

// A program that behaves as a VMM does at its gate, and no more. Its exit status says what went wrong. Links
// no library of ours, since those have the sanitizers that are being built with.
int main() {
  using namespace immure;
  policy::VmmReady ready;
  ready.header = policy::header_of<policy::VmmReady>();
  ready.threads = 1;
  if (::write(policy::vmm_fd::gate, &ready, sizeof(ready)) != sizeof(ready)) return 1;
  policy::VmmGo go;
  if (::read(policy::vmm_fd::gate, &go, sizeof(go)) != sizeof(go)) return 2;
  return 0;
}
