"""What it costs to be told what a program does: measured in one process, plain runs and others in turn."""
