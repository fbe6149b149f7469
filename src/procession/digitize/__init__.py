"""PDF bytes become a form definition: pure computing that knows the domain only and runs inside the sandbox."""
