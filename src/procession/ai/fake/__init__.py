"""An OpenAI-compatible server without a model: it answers, counts, bills and fails as it is told to."""
