"""Language models: hosted ones through LiteLLM, and scripted minds."""
