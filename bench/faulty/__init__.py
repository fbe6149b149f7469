"""`bench faults`: the roles on real servers, things that happen to them, and what must hold afterwards."""
