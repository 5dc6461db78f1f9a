"""Directives that write what the code knows: commands, formats, sensors, settings, references.

The help of a command and the lists of formats and sensors are those that a terminal prints; the
settings are their declarations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import click
from click.testing import CliRunner
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from devices import PROFILES
from tremor import AnalysisSettings
from tremor.cli.main import cli
from tremor.formats.catalog import readable_formats
from tremor.report.method_text import references

__all__ = ["setup"]

#: Columns of a terminal.
_WIDTH = 80


class _Directive(SphinxDirective):
    """A directive without arguments whose result is a list of sections."""

    def section(self, title: str, *content: nodes.Node, kind: str = "") -> nodes.section:
        """Return a section that links can lead to by its kind and title."""
        label = f"{kind} {title}".strip()
        section = nodes.section(
            "",
            nodes.title(text=title),
            *content,
            ids=[nodes.make_id(label)],
            names=[nodes.fully_normalize_name(label)],
        )
        self.state.document.note_explicit_target(section)
        return section


class CommandReference(_Directive):
    """A section for each command, in the order of the help; those of a group follow it."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        return [
            self.section(context.command_path, _block(context.command.get_help(context)))
            for context in _contexts(cli, None, "tremor")
        ]


class SensorReference(_Directive):
    """A section for each sensor, as ``tremor sensors NAME`` prints it."""

    def run(self) -> list[nodes.Node]:
        """Return the sections."""
        return [
            self.section(profile.name, _block(_printed("sensors", slug)))
            for slug, profile in PROFILES.items()
        ]


class FormatReference(_Directive):
    """The table of formats, then a section for each, as ``tremor formats`` prints them."""

    def run(self) -> list[nodes.Node]:
        """Return the table and the sections."""
        return [
            _block(_printed("formats")),
            *(
                self.section(one.name, _block(_printed("formats", one.slug)), kind="format")
                for one in readable_formats()
            ),
        ]


class SettingsReference(_Directive):
    """A list of the settings: value and unit, then reason and source."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        items = nodes.definition_list()
        for one in dataclasses.fields(AnalysisSettings):
            facts = one.metadata
            unit = "" if facts["unit"] == "1" else f" {facts['unit']}"
            name = nodes.literal(text=f"{one.name} = {one.default:g}")
            reason = facts["reason"][:1].upper() + facts["reason"][1:]
            limits = f"From {facts['low']:g} to {facts['high']:g}."
            items += nodes.definition_list_item(
                "",
                nodes.term("", "", name, nodes.Text(unit)),
                nodes.definition(
                    "",
                    nodes.paragraph(text=f"{reason}."),
                    nodes.paragraph(text=f"{limits} Source: {facts['source']}."),
                ),
            )
        return [items]


class MethodReferences(_Directive):
    """The literature of the method, as the page of a result lists it."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        entries = [nodes.list_item("", nodes.paragraph(text=one)) for one in references()]
        return [nodes.bullet_list("", *entries)]


def _block(text: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language="text")


def _printed(*arguments: str) -> str:
    """Return what a command prints; a failure of it is one of the documentation."""
    done = CliRunner().invoke(cli, arguments, env={"COLUMNS": str(_WIDTH)})
    if done.exit_code != 0:
        raise RuntimeError(f"tremor {' '.join(arguments)}: exit code {done.exit_code}")
    return done.stdout.rstrip()


def _contexts(
    command: click.Command, parent: click.Context | None, name: str
) -> Iterator[click.Context]:
    """Yield the context of a command and, where it is a group, of those in it."""
    context = click.Context(
        command, parent, name, terminal_width=_WIDTH, **command.context_settings
    )
    yield context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            if found is not None:
                yield from _contexts(found, context, each)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directives to Sphinx."""
    app.add_directive("command-reference", CommandReference)
    app.add_directive("format-reference", FormatReference)
    app.add_directive("method-references", MethodReferences)
    app.add_directive("sensor-reference", SensorReference)
    app.add_directive("settings-reference", SettingsReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
