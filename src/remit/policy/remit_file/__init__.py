"""The file ``remit.toml``: one table of keys (`keys`), by which it is read, written, changed and described."""
