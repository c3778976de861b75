"""Other ways to run a WASI program, each a script with the options of `remit run`: ``--dir``, ``--env``, PROGRAM."""
