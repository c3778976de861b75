"""A guest that says hello: for measuring how long a start takes."""

from wit_world import exports


class Run(exports.Run):
    def run(self):
        print("hello from Python")
