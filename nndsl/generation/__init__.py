"""Text in, text out: a language model goes on with a prompt, token by token."""
