"""How programs start, print and end: on any terminal, with any output or none, interrupted at any moment."""

import os
import signal
import subprocess
import sys

import pytest

from stylize.__main__ import main
from stylize.console import attempt, one_line

from .pictures import REPOSITORY, blocks, save

posix = pytest.mark.skipif(os.name != "posix", reason="descriptors and signals as POSIX has them")
full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
STRANGE = "caf\udce9 \u00e9\u4e00\n.png"  # a byte that is not UTF-8, a character in Latin-1, one outside it, a line end


def start(*arguments, environment=(), **options):
    """Python with these arguments; Ctrl-C works even if the tests run in the background, where it is ignored."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONUNBUFFERED": ""} | dict(environment),
        preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) if os.name == "posix" else None,
        **options,
    )


def program(*body):
    """The arguments of Python for a small program with this body of `main`."""
    lines = ["from stylize import console", "def main():", *(f"    {line}" for line in body)]
    return "-c", "\n".join([*lines, "console.run('small', main, lambda error: isinstance(error, ValueError))"])


def in_shell(redirection, *arguments):
    """Run Python with a shell's redirection: (status, stderr)."""
    process = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", sys.executable, *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return process.returncode, process.stderr


def unread(*arguments, **options):
    """Run Python with a stdout that nobody reads: (status, stderr)."""
    reading, writing = os.pipe()
    os.close(reading)
    process = start(*arguments, stdout=writing, **options)
    os.close(writing)
    stderr = process.communicate(timeout=60)[1]
    return process.returncode, stderr


def test_one_line_escapes_what_cannot_be_printed():
    assert one_line("a\nb\udce9\x1b[2Jé一") == r"a\nb\udce9\x1b[2Jé一"


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (KeyboardInterrupt(), 130, "interrupted; what was finished is kept"),
        (KeyboardInterrupt("nothing was written"), 130, "interrupted; nothing was written"),
        (ValueError("a\nb is wrong"), 2, r"a\nb is wrong"),
        (OSError(28, "No space left on device"), 2, "[Errno 28] No space left on device"),
        (ImportError("torch is missing"), 2, "torch is missing"),
        (MemoryError(), 2, "not enough memory (none is left); ask for smaller images"),
        (MemoryError("Unable to allocate 9 GiB"), 2, "not enough memory (Unable to allocate 9 GiB); ask for smaller"),
        (BrokenPipeError(), 141, None),
        (None, 0, None),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_status(error, status, line, capsys):
    def main():
        if error:
            raise error

    assert attempt("small", main, lambda error: isinstance(error, ValueError)) == status
    stderr = capsys.readouterr().err
    assert stderr.count("\n") == (line is not None) and stderr.startswith(f"small: {line}" if line else "")


def test_a_fault_of_the_program_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        attempt("small", lambda: 1 // 0, lambda error: isinstance(error, ValueError))


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict", "latin-1:strict", "utf-16:strict"])
def test_any_name_can_be_printed_in_any_encoding(encoding):
    process = start(*program(f"print({STRANGE!r})", f"raise ValueError({STRANGE!r})"),
                    environment={"PYTHONIOENCODING": encoding}, text=False)  # fmt: skip
    stdout, stderr = (said.decode(encoding.partition(":")[0]) for said in process.communicate(timeout=60))
    assert process.returncode == 2
    assert stdout.startswith(r"caf\udce9 ") and stderr.startswith(r"small: caf\udce9 ")
    assert stderr.rstrip("\r\n").endswith(r"\n.png")  # one line


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_harmless_and_no_file_takes_its_place(closed, tmp_path):
    """What Python, a library or a child process prints must not end up in the next file that is opened."""
    child = "import os, sys; os.write(1, b'1'); os.write(2, b'2'); print('more'); print('more', file=sys.stderr)"
    body = [
        "import os, subprocess, sys",
        f"file = open({str(tmp_path / 'file')!r}, 'w')",
        "print('to stdout', flush=True), print('to stderr', file=sys.stderr, flush=True)",
        "os.write(1, b'to descriptor 1'), os.write(2, b'to descriptor 2')",
        f"subprocess.run([sys.executable, '-c', {child!r}], check=True)",
        "file.write('alone')",
        "file.close()",
    ]
    assert in_shell(closed, *program(*body))[0] == 0
    assert (tmp_path / "file").read_text() == "alone"


@posix
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_pipe_ends_the_program_quietly(unbuffered):
    long = program("for number in range(100_000): print(number)")
    assert unread(*long, environment={"PYTHONUNBUFFERED": unbuffered}) == (141, "")
    short = program("print('one line')")
    assert unread(*short, environment={"PYTHONUNBUFFERED": unbuffered}) == (141, "")
    assert unread(*short, environment={"PYTHONUNBUFFERED": unbuffered}, stderr=subprocess.STDOUT)[0] == 141


@posix
@full
def test_a_full_disk_behind_stdout_is_one_line():
    said = "small: cannot print (No space left on device)\n"
    assert in_shell(">/dev/full", *program("print('one line')")) == (2, said)
    status, stderr = in_shell(">/dev/full", *program("print('x' * 100_000)"))
    assert status == 2 and stderr.count("\n") == 1 and "No space left on device" in stderr
    assert in_shell(">/dev/full 2>/dev/full", *program("print('one line')")) == (2, "")
    assert in_shell("2>/dev/full", *program("raise ValueError('a mistake')")) == (2, "")


@posix
def test_the_commands_use_it(tmp_path):
    """Help, lists and drawings; where nobody reads, and where the terminal cannot show a name."""
    assert unread("-m", "stylize", "--help") == (141, "")
    assert unread("-m", "stylize", "styles") == (141, "")
    photo = save(tmp_path / "photo.png", blocks())
    name = tmp_path / "caf\u00e9\u4e00.png"
    process = start("-m", "stylize", "image", photo, name, "--style=classic", environment={"PYTHONIOENCODING": "ascii"})
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, "") and r"caf\xe9\u4e00.png" in stdout and name.exists()


@pytest.fixture
def strange_folder(tmp_path):
    """A folder whose name is not UTF-8, with a photo of such a name in it."""
    folder = tmp_path / "photos\udce9"
    try:
        folder.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this file system takes only names that are UTF-8")
    save(folder / "one\udce9.png", blocks(seed=1))
    save(folder / "two\udce9.png", blocks(seed=2))
    return folder


C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@posix
def test_every_command_accepts_names_that_are_not_text(strange_folder):
    photo, out = strange_folder / "one\udce9.png", strange_folder.with_name("out\udce9")
    drawing = ("image", photo, strange_folder.with_name("toon\udce9.png"), "--style=classic")
    for command, environment in [
        (drawing, {"PYTHONIOENCODING": "utf-8:strict"}),
        (("dataset", strange_folder, out, "--style=classic"), {"PYTHONIOENCODING": "ascii:strict"}),
        (("check", out), C_LOCALE),
    ]:
        process = start("-m", "stylize", *command, environment=environment)
        stdout, stderr = process.communicate(timeout=60)
        assert (process.returncode, stderr) == (0, ""), command
        assert r"\udce9" in stdout


@pytest.mark.parametrize(
    "mistake", [("image", "no\udce9.png", "a.png"), ("check", "no\udce9"), ("styles", "a\nb\udce9"), ("a\nb\udce9",)]
)
def test_a_mistake_in_such_a_name_is_one_line(mistake, capsys):
    try:
        status = main(mistake)
    except SystemExit as end:  # of argparse
        status = end.code
    stdout, stderr = capsys.readouterr()
    assert (status, stdout, stderr.count("\n")) == (2, "", 1) and r"\udce9" in stderr


SLOW = "import sys, time; print('importing', flush=True); time.sleep(60)"


@posix
@pytest.mark.parametrize("command", ["stylize styles", "demos.gan", "demos.cartoonize apply x", "benchmarks.ops"])
def test_ctrl_c_while_modules_are_imported_ends_the_program_silently(command, tmp_path):
    (tmp_path / "numpy.py").write_text(SLOW)
    process = start("-m", *command.split(), environment={"PYTHONPATH": f"{tmp_path}:{REPOSITORY}"})
    assert process.stdout.readline() == "importing\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == -signal.SIGINT  # a shell says 130


@posix
@pytest.mark.parametrize("command", ["stylize styles", "demos.gan"])
def test_the_same_where_the_program_imports_opencv(command, tmp_path):
    (tmp_path / "cv2.py").write_text(SLOW)
    process = start("-m", *command.split(), environment={"PYTHONPATH": f"{tmp_path}:{REPOSITORY}"})
    assert process.stdout.readline() == "importing\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == -signal.SIGINT


@posix
def test_ctrl_c_later_is_one_line(tmp_path):
    package = tmp_path / "small"
    package.mkdir()
    (package / "__init__.py").write_text("from stylize import quiet_start")
    (package / "__main__.py").write_text(
        f"def main():\n    {SLOW}\n"
        + program("...")[1].splitlines()[0]
        + """
console.run("small", main, lambda error: False)
"""
    )
    process = start("-m", "small", environment={"PYTHONPATH": f"{tmp_path}:{REPOSITORY}"})
    assert process.stdout.readline() == "importing\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "small: interrupted; what was finished is kept\n")
    assert process.returncode == 130


@posix
def test_importing_the_packages_leaves_signals_alone_and_background_jobs_keep_ignoring_ctrl_c(tmp_path):
    handler = "import signal; print(signal.getsignal(signal.SIGINT).__name__)"
    process = start("-c", f"import stylize, demos, benchmarks; {handler}")
    assert process.communicate(timeout=60)[0] == "default_int_handler\n"
    package = tmp_path / "small"
    package.mkdir()
    (package / "__init__.py").write_text("from stylize import quiet_start")
    (package / "__main__.py").write_text("import signal; print(signal.getsignal(signal.SIGINT).name)")
    for action in ("SIG_IGN", "SIG_DFL"):
        process = subprocess.run(
            [sys.executable, "-m", "small"], env=os.environ | {"PYTHONPATH": f"{tmp_path}:{REPOSITORY}"},
            stdout=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, getattr(signal, action)),  # noqa: B023
        )  # fmt: skip
        assert process.stdout == f"{action}\n"


def test_the_console_needs_neither_numpy_nor_opencv():
    code = "import sys, demos; from stylize import console, quiet_start; print({'numpy', 'cv2'} & {*sys.modules})"
    assert start("-c", code).communicate(timeout=60)[0] == "set()\n"


def test_what_stylize_offers_is_imported_at_first_use():
    code = "import stylize; from stylize import images, read_image; print(stylize.styles(), stylize.registry.__name__)"
    assert start("-c", code).communicate(timeout=60)[0].endswith("'watercolor'] stylize.registry\n")
    import stylize

    offered = {}
    exec("from stylize import *", offered)
    assert set(stylize.__all__) <= set(offered) and offered["read_image"] is stylize.images.read_image
    with pytest.raises(ImportError, match="cannot import name 'read_imag' from 'stylize'"):
        from stylize import read_imag  # noqa: F401
