"""Use cases: each checks, then changes the record in one transaction. Doors call these and translate."""
