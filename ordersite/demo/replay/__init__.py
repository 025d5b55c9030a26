"""Replays a file of real orders through the API, as a client, a kitchen and a reader of the live feed would."""
