"""The five foreign APIs, as their clients call them. Rows are those of docs/requirements.md."""
