"""Measures the site's speed against what stands next to it, in one run: `python -m benchmarks`, docs/benchmarks.md."""
