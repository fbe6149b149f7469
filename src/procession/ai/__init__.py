"""Providers of AI: one small protocol, an endpoint that speaks OpenAI's, and a server that plays one."""
