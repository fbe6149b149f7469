"""The HTTP door: translates requests into use cases and their answers into JSON, problems and event streams."""
