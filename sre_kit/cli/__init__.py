"""
The command line: composes the layers, prints, and is the only place that catches errors.

Nothing heavy is imported before a command runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

from sre_kit.errors import SREKitError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code, and never shows a traceback of ours to a user."""
    from sre_kit.cli.app import app
    from sre_kit.render.stopping import Stopped, stoppable

    try:
        with stoppable():
            result = app(args=arguments, prog_name="sre-kit", standalone_mode=False)
        code = result if isinstance(result, int) else 0
        sys.stdout.flush()
    except SREKitError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return _unread()
    except Stopped as stop:
        print(f"stopped by {stop.name}; documents are published whole or not at all", file=sys.stderr)
        return int(stop.code or 1)
    except SystemExit as left:
        if isinstance(left.__context__, BrokenPipeError):  # the command line library's own end of it
            return _unread()
        raise
    except Exception as error:
        return _shown(error)
    return code


def _unread() -> int:
    """The reader went away, as ``| head`` does; what is left in the buffer has nowhere to go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def script() -> None:
    """Entry point of the installed command."""
    gc.set_threshold(10_000)  # imports make many objects and no garbage; Python 3.11 looks for some after each 700
    code = main()
    gc.freeze()  # the interpreter would go through all that was imported once more before it ends
    sys.exit(code)


def _shown(error: Exception) -> int:
    """The command line library's own errors as it shows them; anything else is ours, and a defect."""
    show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
    if isinstance(code, int):
        if callable(show):
            show()
        return code
    if type(error).__name__ == "Abort":
        return 130
    if isinstance(error, OSError):
        print(f"error: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return 2
    if os.environ.get("SRE_KIT_TRACEBACK"):
        raise error
    print(
        f"error: a defect in sre-kit: {type(error).__name__}: {error}\n"
        "Set SRE_KIT_TRACEBACK=1 to see where, and report it with the command you ran.",
        file=sys.stderr,
    )
    return 70
