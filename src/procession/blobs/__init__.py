"""Objects and create-if-absent slots behind one protocol."""
