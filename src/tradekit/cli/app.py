"""The command line: its commands, and the one place that turns errors into exit codes.

Decides nothing else. Of several errors the most telling code wins: 5 (our state needs a person)
before 2 (what was asked for is wrong), 3 (a dependency), 6 (data not there), 4 (bad data), 7 (time
limit) and 1 (it failed while running). A signal wins over all of them. Invariant: whatever happens
is told in sentences; a traceback comes with --debug only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any, Final, NoReturn, cast

import typer
from typer.core import TyperCommand, TyperGroup

from tradekit.cli import completion, run
from tradekit.cli.stopping import STOP
from tradekit.cli.verdict import Verdict, error_object, flattened, json_document, printable

_MOST_TELLING: Final = (5, 2, 3, 6, 4, 7, 1)
_USAGE: Final = 2
_NOBODY_READS: Final = 141  # as a shell has it of a program that SIGPIPE ended

# name → (the module whose `app` has it, the line in the list of commands)
_COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "check": ("tradekit.cli.project", "Look for mistakes in a strategy file without running it."),
    "init": ("tradekit.cli.project", "Write the first files of a project."),
    "version": ("tradekit.cli.project", "Print versions, and where things are kept."),
}
_GROUPS: Final[dict[str, tuple[str, str]]] = {
    "config": ("tradekit.cli.config", "Show, validate and describe the settings."),
    "list": ("tradekit.cli.listing", "List strategies, exchanges, frames or symbols."),
    "data": ("tradekit.cli.data", "Import, check, list, export, make and remove candles."),
    "run": ("tradekit.cli.runs", "List, show, compare and check the runs that were kept."),
}


def _help_alone(ctx: typer.Context) -> None:
    """Show what there is where no command is named; that is wrong usage for a script."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(_USAGE)


class _Later(TyperCommand):
    """Stands for a command or a group whose module is imported when it is wanted."""

    def __init__(self, name: str, module: str, text: str, *, is_group: bool) -> None:
        super().__init__(name, help=text, rich_markup_mode=None)
        self._module = module
        self._is_group = is_group
        self.loaded: TyperCommand | TyperGroup | None = None

    def load(self) -> TyperCommand | TyperGroup:
        """Return what this stands for."""
        if self.loaded is None:
            inside = typer.main.get_group(import_module(self._module).app)
            if self._is_group:
                outside = typer.Typer(
                    name=self.name,
                    help=self.help,
                    rich_markup_mode=None,
                    invoke_without_command=True,
                    callback=_help_alone,
                )
                self.loaded = typer.main.get_group(outside)
                self.loaded.commands.update(inside.commands)
            else:
                self.loaded = cast("TyperCommand", inside.commands[str(self.name)])
        return self.loaded

    def make_context(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # the library's
        """Return the context of what this stands for, which from here on is the command."""
        return self.load().make_context(*arguments, **options)


class _Root(TyperGroup):
    """`tradekit` with the commands that come from tables."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401  # the library's
        super().__init__(**attributes)
        for table, is_group in ((_COMMANDS, False), (_GROUPS, True)):
            for name, (module, text) in table.items():
                self.commands[name] = _Later(name, module, text, is_group=is_group)


app = typer.Typer(
    name="tradekit",
    cls=_Root,
    help="One strategy file, replayed over history, on live prices, or with real orders.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    # Drawn help takes 0.4 s to import what draws it, twice as long as all the rest.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog=(
        "Examples:\n\ntradekit init my-strategies\n\n"
        "tradekit backtest strategies/bracket.py --exchange synthetic\n\n"
        "Exit codes: 0 done, 1 failed while running, 2 wrong usage or configuration, 3 a "
        "dependency did not answer, 4 bad data, 5 our own state needs a person, 6 data not there, "
        "130 and 143 stopped by a signal"
    ),
)
app.command("backtest", epilog=run.EPILOG)(run.backtest)


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"tradekit {version('tradekit')}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    del version
    _help_alone(ctx)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if completion.ASKED in os.environ:
        with completion.answering():
            typer.main.get_command(app)(given, prog_name="tradekit")
        sys.exit(1)
    completion.complete_script()
    STOP.install()
    try:
        code = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has left, as in `tradekit ... | head`
        _forget_output()
        code = _NOBODY_READS
    except KeyboardInterrupt:  # a signal while the answer was being written
        _forget_output()
        code = STOP.exit_code
    except OSError as error:  # no room for our output, as on a full disk
        _forget_output()
        code = 1
        with suppress(OSError):
            typer.echo(f"error: the output cannot be written: {error.strerror}", err=True)
    sys.exit(code)


def _run(given: list[str]) -> int:
    command = typer.main.get_command(app)
    # Taken here so that it works for every command, also where its own options are wrong.
    debug = "--debug" in given
    arguments = [word for word in given if word != "--debug"]
    as_json = "--json" in arguments
    try:
        answer = command(arguments, prog_name="tradekit", standalone_mode=False)
        if STOP.requested() and not isinstance(answer, Verdict):
            raise KeyboardInterrupt  # the library has made an exit code of it  # noqa: TRY301
    except BrokenPipeError:
        raise
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001  # this is where they all end
        if debug:
            _print_traceback(error)
        errors = [_expected(each) for each in flattened(error)]
        code = STOP.exit_code if STOP.requested() else _code_of(errors)
        _print_errors(errors)
        if as_json:
            typer.echo(json_document(_schema(command, arguments), code, errors=errors))
        return code
    if not isinstance(answer, Verdict):
        return answer if isinstance(answer, int) else 0
    if debug:
        for failure in answer.failures:
            _print_traceback(failure)
    errors = [error_object(each) for each in answer.failures]
    code = _code_of(errors)
    _print_errors(errors)
    if as_json:
        parts = {"data": answer.data, **({"errors": errors} if errors else {})}
        typer.echo(json_document(_schema(command, arguments), code, **parts))
    return code


def _schema(command: object, arguments: Sequence[str]) -> str:
    """Return the name of the command's document, as in `tradekit.data.import/1`."""
    words = ["tradekit"]
    for word in arguments:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        words.append(word)
        if isinstance(command, _Later):
            command = command.loaded
    return f"{'.'.join(words)}/1"


def _code_of(errors: Sequence[dict[str, Any]]) -> int:
    codes = {error["code"] for error in errors}
    return next((code for code in _MOST_TELLING if code in codes), max(codes, default=0))


def _expected(error: BaseException) -> dict[str, Any]:
    """Return any error as the JSON documents have it; what nobody expected is a mistake of ours."""
    from tradekit.errors import StoppedError, TradekitError

    if isinstance(error, typer.Abort) and STOP.requested():
        error = KeyboardInterrupt()
    elif isinstance(error, typer.Abort):
        # The library takes an end of file for somebody giving up, at a question or elsewhere.
        error = error.__cause__ or TradekitError("nobody answered, nothing was done")
    if isinstance(error, KeyboardInterrupt):
        return {**error_object(StoppedError()), "code": STOP.exit_code}
    if isinstance(error, TradekitError):
        return error_object(error)
    if isinstance(error, OSError) and error.filename is None:
        return error_object(TradekitError(f"the output cannot be written: {error.strerror}"))
    format_message = getattr(error, "format_message", None)
    if format_message is not None:  # wrong usage, in the words of the library that parses it
        text = " ".join(str(format_message()).split())
        name = getattr(getattr(error, "ctx", None), "command_path", "tradekit")
        usage = TradekitError(text, fix=f"see: {name} --help")
        return {**error_object(usage), "code": _USAGE, "kind": "UsageError"}
    text = " ".join(str(error).split())
    told = TradekitError(
        f"internal error, {type(error).__name__}: {text}", fix="run it again with --debug"
    )
    return {**error_object(told), "kind": "InternalError"}


def _print_errors(errors: Sequence[dict[str, Any]]) -> None:
    for error in errors:
        typer.echo(f"error: {printable(error['message'])}", err=True)
        if error["fix"]:
            typer.echo(f"  fix: {printable(error['fix'])}", err=True)


def _print_traceback(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error)


def _forget_output() -> None:
    """Point standard output to nowhere, so that closing it at exit does not fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    with suppress(OSError):
        sys.stderr.flush()
