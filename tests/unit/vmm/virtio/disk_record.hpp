#pragma once

#include "policy/vmm_record.hpp"
#include "tests/unit/vmm/virtio/fake_queue.hpp"

namespace immure::vmm::test {

/// What the record says of a disk called "root".
inline policy::VmmDisk a_disk(policy::DiskAccess access,
                              policy::DiskEngine engine = policy::DiskEngine::plain) {
  return {.id = FakeQueue::must(BoundedString<32>::from("root", "id")),
          .format = policy::DiskFormat::raw,
          .access = access,
          .direct = policy::Switch::off,
          .queues = 1,
          .engine = engine};
}

}  // namespace immure::vmm::test
