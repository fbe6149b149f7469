"""Ten wedding PDFs with their truth, made by a script; every name, address and number in them is invented."""
