"""Help pages with headings, and the nearest command to one that does not exist."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import click

from bayesmixed.cli.terminal import painted

SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Formatter(click.HelpFormatter):
    """click's, with headings that stand out."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, painted("Usage: ", "caption") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{painted(f'{heading}:', 'caption')}\n")


class Context(click.Context):
    formatter_class = Formatter


class Command(click.Command):
    """A command whose help ends in examples."""

    context_class = Context

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _examples(self.epilog, formatter)


class Group(click.Group):
    """Commands under headings."""

    context_class = Context
    command_class = Command

    def __init__(self, *arguments: Any, sections: Mapping[str, Sequence[click.Command]], **options: Any):
        super().__init__(*arguments, **options)
        self.sections = sections
        for commands in sections.values():
            for command in commands:
                self.add_command(command)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [str(command.name) for commands in self.sections.values() for command in commands]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        longest = max(map(len, self.list_commands(ctx)))
        limit = formatter.width - 6 - longest
        for heading, commands in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (painted(str(one.name).ljust(longest), "command"), one.get_short_help_str(limit))
                        for one in commands
                    ]
                )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _examples(self.epilog, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            known = self.list_commands(ctx)
            near = get_close_matches(name, known, 1, 0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            ctx.fail(f"there is no command {name!r}; {hint}")
        return super().resolve_command(ctx, args)


def _examples(epilog: str | None, formatter: click.HelpFormatter) -> None:
    """Lines of examples as they are, below a heading."""
    if epilog:
        heading, _, lines = epilog.partition("\n\n")
        formatter.write_paragraph()
        formatter.write_heading(heading.rstrip(":"))
        formatter.write(lines.replace("\b\n", ""))
