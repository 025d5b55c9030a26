"""The recipes of CONTRIBUTING.md, followed: each builds something small from the registry that it is about."""
