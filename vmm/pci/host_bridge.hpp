#pragma once

#include "vmm/pci/pci_device.hpp"

namespace immure::vmm::pci {

/// 00:00.0: only there to be found. Linux wants a host bridge class code on bus 0 where it checks the
/// configuration mechanism.
class HostBridge final : public PciDevice {
 public:
  HostBridge()
      : PciDevice({.vendor_id = 0x1b36,  // Red Hat's; 0x0008 is its generic PCIe host bridge
                   .device_id = 0x0008,
                   .subclass = 0x00,  // host bridge (PCI 3.0, appendix D)
                   .base_class = 0x06},
                  0) {}
};

}  // namespace immure::vmm::pci
