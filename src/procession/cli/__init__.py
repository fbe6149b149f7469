"""The commands: what people start."""
