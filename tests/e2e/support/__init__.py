"""What the end-to-end tests look at the test host with. Everything here asks the kernel, not immure."""
