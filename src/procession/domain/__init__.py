"""The words of the trade: states, forms, events, errors. No I/O, no clock, no randomness."""
