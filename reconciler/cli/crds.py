"""`reconciler crds`: the CustomResourceDefinitions of all kinds."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli._settings import Settings, settings_options
from reconciler.cli._workspace import InputError
from reconciler.crds import render_all


@click.command("crds")
@click.option("--out-dir", type=click.Path(file_okay=False, path_type=Path), help="Write one file per kind here.")
@settings_options
def command(out_dir: Path | None, settings: Settings) -> int:
    """Print the CustomResourceDefinitions as one YAML stream, or write one file per kind."""
    del settings
    files = render_all()
    if out_dir is None:
        click.echo("---\n".join(files[name] for name in sorted(files)), nl=False)
        return 0
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        for name, text in sorted(files.items()):
            (out_dir / name).write_text(text)
    except OSError as error:
        raise InputError(f"{out_dir}: {error.strerror}; choose another folder with --out-dir") from error
    return 0
