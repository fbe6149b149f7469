"""Workers: claim what is ready, run one step in the sandbox, write its outcome under the claim's fence."""
