"""The APIs of five foreign systems, over the same services. Rows in comments are those of docs/requirements.md."""
