"""Ruby 4.0: a library with functions of its own to call, imports that are not WASI's, and its files inside itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from guests.side_by_side import Work, both
from tools.guests.catalogue import GUESTS

RUBY = GUESTS["ruby"]
HERE = Path(__file__).parent
SCRIPT = b"""
$stdout.sync = true  # nothing ends this virtual machine, so nothing else empties its buffers
puts RUBY_VERSION, RUBY_PLATFORM, Encoding.default_external
p [3, 1, 2].sort, { "a" => 1 }, 2**100, 1.0 / 3, "z\xc3\xbc".length
require "json"
puts JSON.pretty_generate({ "a" => [1, nil, "text"], "b" => { "c" => 2.5 } })
require "digest"
Dir.mkdir("/data/new")
File.write("/data/new/written", (1..2000).to_a.join(","))
File.open("/data/new/written", "r+") { |file| file.seek(10); file.write("HERE") }
File.rename("/data/given", "/data/moved")
puts Dir.children("/data").sort.inspect, File.read("/data/moved").upcase
puts File.size("/data/new/written"), File.stat("/data/new").directory?
["/data/none", "/etc/passwd"].each do |path|
  begin
    File.read(path)
  rescue SystemCallError => error
    puts "#{path}: #{error.class}"
  end
end
fiber = Fiber.new { |x| 3.times { |i| x = Fiber.yield(x + i) } }
puts fiber.resume(10), fiber.resume(20)
begin
  [1].fetch(9)
rescue IndexError => error
  puts error.message
end
"""


@pytest.mark.guest("ruby")
@pytest.mark.slow
def test_a_script(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("some words\n")
    outcome = both(
        Work(RUBY.path("ruby+stdlib.wasm"), stdin=SCRIPT, directory=tmp_path, guest_directory="/data"),
        remit=[sys.executable, str(HERE / "ruby_on_remit.py")],
        wasmtime_py=[sys.executable, str(HERE / "ruby_on_wasmtime_py.py")],
    )
    assert (outcome.status, outcome.stderr) == (0, b"")
    assert outcome.stdout.startswith(b"4.0.0\nwasm32-wasi\nUTF-8\n")
    assert outcome.stdout.endswith(b"\nindex 9 outside of array bounds: -1...1\n")
    assert outcome.files["moved"] == b"some words\n"


@pytest.mark.guest("ruby")
@pytest.mark.slow
def test_an_exception() -> None:
    outcome = both(
        Work(RUBY.path("ruby+stdlib.wasm"), stdin=b"$stdout.sync = true; puts 1; raise 'no'; puts 2"),
        remit=[sys.executable, str(HERE / "ruby_on_remit.py")],
        wasmtime_py=[sys.executable, str(HERE / "ruby_on_wasmtime_py.py")],
    )
    assert (outcome.status, outcome.stdout) == (1, b"1\n")
