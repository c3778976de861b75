"""The composition root: program bytes and grants become a running program."""
