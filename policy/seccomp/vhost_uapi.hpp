#pragma once

/// linux/vhost.h. What it includes for the layout of old rings is no C++.
#define VIRTIO_RING_NO_LEGACY
#include <linux/vhost.h>  // IWYU pragma: export
#undef VIRTIO_RING_NO_LEGACY
