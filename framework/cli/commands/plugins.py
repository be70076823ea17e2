"""List plugins, what they offer, and where they came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from framework.errors import UnknownNameError
from framework.plugins.host import PluginHost
from framework.project import Project
from framework.suggest import did_you_mean

if TYPE_CHECKING:
    from framework.plugins.report import Report

app = typer.Typer(help="List plugins, what they offer, and where they came from.", no_args_is_help=True)

Folders = Annotated[
    list[Path] | None, typer.Option("--plugins", metavar="DIR", help="One more folder with plugins; repeatable.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command("list")
def list_all(plugins: Folders = None, as_json: AsJson = False) -> None:
    """List all plugins of the project: built in, bundled, its own and installed ones.

    A plugin that was left out is listed with the reason. Exit code: 0 when all are in use, 1 when one was left out.

    Examples:

    - `convo plugins list`
    - `convo plugins list --json`
    """
    host = _host(plugins)
    if as_json:
        print(json.dumps([report.as_json() for report in host.plugins], indent=2, default=str))
    else:
        _print_all(host)
    if host.problems:
        raise typer.Exit(1)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A plugin's name.")], plugins: Folders = None, as_json: AsJson = False
) -> None:
    """Show one plugin: where it is, what it offers, and the settings it reads.

    Exit code: 0, or 1 when the plugin was left out, 2 when there is none of that name.

    Examples:

    - `convo plugins show patients`
    - `convo plugins show patients --json`
    """
    host = _host(plugins)
    reports = {report.name: report for report in host.plugins}
    if name not in reports:
        raise UnknownNameError(f"there is no plugin `{name}`", fix=did_you_mean(name, reports))
    report = reports[name]
    if as_json:
        print(json.dumps(report.as_json() | {"tools": _tools(host, report)}, indent=2, default=str))
    else:
        _print_one(host, report)
    if report.problem:
        raise typer.Exit(1)


def _host(folders: list[Path] | None) -> PluginHost:
    return PluginHost.load(Project.find(plugins=folders or ()))


def _tools(host: PluginHost, report: Report) -> list[dict[str, Any]]:
    """The tools of a plugin as a model sees them."""
    return [
        {
            "name": tool.name,
            "model_name": tool.model_name,
            "description": tool.description,
            "parameters": tool.parameters,
            "result": tool.result_schema,
            "examples": list(tool.examples),
            "aliases": list(tool.aliases),
        }
        for tool in (host.tools[name] for name in report.offers.get("tools", ()))
    ]


# --- For people -------------------------------------------------------------------------------------------------------


def _print_all(host: PluginHost) -> None:
    table = Table("plugin", "version", "from", "offers", box=None, pad_edge=False, header_style="bold")
    for report in host.plugins:
        offers = "\n".join(f"[dim]{kind}[/] {', '.join(names)}" for kind, names in report.offers.items())
        table.add_row(report.name, report.version, report.origin, "[red]left out[/]" if report.problem else offers)
    console = Console()
    console.print(table)
    for problem in host.problems:
        console.print(f"\n{problem.sentence}", style="red", markup=False, highlight=False, soft_wrap=True)


def _print_one(host: PluginHost, report: Report) -> None:
    console = Console()
    console.print(f"[bold]{report.name}[/] {report.version}  {escape(report.summary)}", highlight=False)
    console.print(f"[dim]{report.origin}: {escape(report.place)}[/]", highlight=False)
    if report.problem:
        console.print(report.problem, style="red", markup=False, highlight=False, soft_wrap=True)
    for kind, names in report.offers.items():
        if kind != "tools":
            console.print(f"\n[bold]{kind}[/]  {', '.join(names)}", highlight=False)
    for tool in _tools(host, report):
        arguments = ", ".join(_argument(name, tool["parameters"]) for name in tool["parameters"]["properties"])
        console.print(f"\n[bold]{tool['name']}[/]({escape(arguments)})", highlight=False)
        console.print(f"  {escape(tool['description'])}", highlight=False, soft_wrap=True)
    _print_needs(console, report)


def _print_needs(console: Console, report: Report) -> None:
    for setting in report.settings:
        need = "required" if setting.required else "optional"
        if setting.default is not None:
            need = f"default {setting.default}"
        text = f"\n{setting.variable}  {'secret, ' if setting.secret else ''}{need}\n  {setting.description}"
        console.print(text.rstrip(), markup=False, highlight=False)
    if report.requires:
        console.print(f"\nneeds the packages {', '.join(report.requires)}", highlight=False)
    if report.hosts:
        console.print(f"\ntalks to {', '.join(report.hosts)}", highlight=False)


def _argument(name: str, schema: dict[str, Any]) -> str:
    """One argument of a tool, as short as it can be said."""
    kind = schema["properties"][name]
    choices = kind.get("enum")
    words = " | ".join(map(str, choices)) if choices else kind.get("format") or kind.get("type", "any")
    return f"{name}: {words}" if name in schema["required"] else f"[{name}: {words}]"
