"""The live feed: entries in the database, a hub that reads them, sockets and a call that waits."""
