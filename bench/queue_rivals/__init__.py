"""Other engines with the same empty job, for `bench queue`."""
