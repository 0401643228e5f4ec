"""A throw-away machine with /dev/kvm, enforcing SELinux and a TPM, emulated by QEMU. See tools/testhost --help."""
