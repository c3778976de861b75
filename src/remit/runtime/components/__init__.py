"""Components: loaded, linked to interfaces and to functions of the caller's, run, and called from Python."""
