"""Pure decisions: ``decide(snapshot, now) -> decision with a reason``. No I/O, no clock, no randomness."""
