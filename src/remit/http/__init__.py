"""HTTP requests over the network that a program was granted. Nothing here waits: steps are taken when asked for."""
