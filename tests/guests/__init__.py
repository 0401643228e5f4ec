"""What the tests boot: kernels, a small initrd with an init of ours, and unmodified Debian systems."""
