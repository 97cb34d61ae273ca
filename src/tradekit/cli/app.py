"""The command line: its commands, and the one place that turns errors into exit codes.

Decides nothing else. Of several errors the most telling code wins: 5 (our state needs a person)
before 2 (what was asked for is wrong), 3 (a dependency), 6 (data not there), 4 (bad data), 7 (time
limit) and 1 (it failed while running). A signal wins over all of them. Invariant: whatever happens
is told in sentences; a traceback comes with --debug only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final, NoReturn, cast

import typer
from typer.core import TyperCommand, TyperGroup

from tradekit.cli import run
from tradekit.cli.stopping import STOP
from tradekit.cli.verdict import Verdict, error_object, flattened, json_document

_MOST_TELLING: Final = (5, 2, 3, 6, 4, 7, 1)
_USAGE: Final = 2


class _Data(TyperGroup):
    """`tradekit data`, whose commands are imported when one of them is wanted."""

    def list_commands(self, ctx: object) -> list[str]:
        """Return the names of its commands."""
        del ctx
        self._load()
        return list(self.commands)

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | None:
        """Return the command of that name."""
        del ctx
        self._load()
        return cast("TyperCommand | None", self.commands.get(cmd_name))

    def _load(self) -> None:
        if not self.commands:
            from tradekit.cli.data import app as data_app

            self.commands.update(typer.main.get_group(data_app).commands)


def _help_alone(ctx: typer.Context) -> None:
    """Show what there is where no command is named; that is wrong usage for a script."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(_USAGE)


app = typer.Typer(
    name="tradekit",
    help="One strategy file, replayed over history, on live prices, or with real orders.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    # Drawn help takes 0.4 s to import what draws it, twice as long as all the rest.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog=(
        "Examples:\n\ntradekit backtest strategies/bracket.py --exchange synthetic\n\n"
        "tradekit data list\n\nExit codes: 0 done, 1 failed while running, 2 wrong usage or "
        "configuration, 3 a dependency did not answer, 4 bad data, 5 our own state needs a person, "
        "6 data not there, 130 and 143 stopped by a signal"
    ),
)
app.command("backtest", epilog=run.EPILOG)(run.backtest)
app.add_typer(
    typer.Typer(cls=_Data, rich_markup_mode=None),
    name="data",
    help="Import, list and make candles.",
    invoke_without_command=True,
    callback=_help_alone,
)


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
    STOP.install()
    try:
        code = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has left, as in `tradekit ... | head`
        _forget_output()
        code = 1
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
    return f"{'.'.join(words)}/1"


def _code_of(errors: Sequence[dict[str, Any]]) -> int:
    codes = {error["code"] for error in errors}
    return next((code for code in _MOST_TELLING if code in codes), max(codes, default=0))


def _expected(error: BaseException) -> dict[str, Any]:
    """Return any error as the JSON documents have it; what nobody expected is a mistake of ours."""
    from tradekit.errors import StoppedError, TradekitError

    if isinstance(error, typer.Abort) and error.__cause__ is not None:
        error = error.__cause__  # the library takes an end of file for somebody giving up
    if isinstance(error, KeyboardInterrupt):
        error = StoppedError()
    if isinstance(error, TradekitError):
        return error_object(error)
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
        typer.echo(f"error: {error['message']}", err=True)
        if error["fix"]:
            typer.echo(f"  fix: {error['fix']}", err=True)


def _print_traceback(error: BaseException) -> None:
    import traceback

    traceback.print_exception(error)


def _forget_output() -> None:
    """Point standard output to nowhere, so that closing it at exit does not fail again."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
