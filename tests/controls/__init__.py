"""Code without a protection: with it a promise (docs/promises.md, by number) fails, so its test can see that."""
