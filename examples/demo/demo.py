"""What Remit does, in one minute: ``python examples/demo/demo.py`` (or ``make demo``).

It runs notes.wasm, an ordinary C program (notes.c beside it) compiled for WASI. The program counts the
words of some notes, and then tries to look around: at /etc/passwd, at a file beside its directory, at the
environment, at the network. You see what it is told, with more and with less granted.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import remit
import remit.fs

PROGRAM = Path(__file__).parent / "notes.wasm"
SECRET = "the secret outside"


def make_files(top: Path) -> Path:
    """A directory of notes, with a secret beside it that a link inside points to."""
    notes = top / "notes"
    notes.mkdir()
    (notes / "monday.txt").write_text("buy bread and milk\n")
    (notes / "tuesday.txt").write_text("a program gets what it is handed, and nothing else\n")
    (top / "outside.txt").write_text(SECRET + "\n")
    try:
        (notes / "link-to-outside").symlink_to("../outside.txt")
    except OSError as error:
        print(f"(this system makes no symbolic links here: {error})")
    return notes


def show(title: str) -> None:
    print(f"\n--- {title}")


def from_the_command_line(*options: str) -> subprocess.CompletedProcess[str]:
    """Run ``remit run OPTIONS notes.wasm`` as a person would, and show it."""
    print(f"$ remit run {shlex.join(options)} notes.wasm".replace("  ", " "))
    command = [sys.executable, "-m", "remit", "run", *options, str(PROGRAM)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr + f"(exit status {done.returncode})")
    return done


def demo(top: Path) -> list[str]:
    """The four scenes; what is returned is whatever was not as promised."""
    notes = make_files(top)
    wrong: list[str] = []

    show("1. Nothing granted: the program sees no file, no variable, no network")
    done = from_the_command_line()
    if done.returncode != 1 or "words" in done.stdout:
        wrong.append("without a grant the program read something")

    show("2. One directory and one variable granted: these work, everything else is refused")
    done = from_the_command_line("--dir", f"{notes}::/notes", "--env", "GREETING=hello")
    if done.returncode != 0 or "monday.txt" not in done.stdout or "hello" not in done.stdout:
        wrong.append("what was granted did not work")
    if "ALLOWED" in done.stdout or SECRET in done.stdout:
        wrong.append("the program reached what was not granted")
    summary = notes / "summary.txt"
    if summary.exists():
        print(f"It wrote {summary.name} into the granted directory, on this machine:")
        print(summary.read_text(), end="")
        summary.unlink()
    else:
        wrong.append("summary.txt was not written")

    show("3. The directory granted read-only: reading works, writing is refused")
    done = from_the_command_line("--dir", f"{notes}::/notes:ro")
    if "monday.txt" not in done.stdout or "refused" not in done.stdout or summary.exists():
        wrong.append("a read-only directory was not read-only")

    show("4. From Python: the directory is an object in memory, and the disk is not touched")
    memory = remit.fs.Memory({"wednesday.txt": b"these five words are nowhere"})
    print('>>> memory = remit.fs.Memory({"wednesday.txt": b"these five words are nowhere"})')
    print('>>> done = remit.run(["notes.wasm"], dirs={"/notes": memory}, capture_output=True, text=True, timeout=5)')
    run = remit.run([PROGRAM], dirs={"/notes": memory}, capture_output=True, text=True, timeout=5)
    print(run.stdout)
    if run.returncode != 0 or "5 words" not in str(run.stdout):
        wrong.append("the memory directory did not work")
    return wrong


def main() -> int:
    with tempfile.TemporaryDirectory() as top:
        wrong = demo(Path(top))
    for sentence in wrong:
        print(f"NOT AS PROMISED: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
