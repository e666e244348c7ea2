"""`reconciler crds`: the CustomResourceDefinitions of all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
import yaml

from reconciler.cli._failures import InputError
from reconciler.cli._reports import print_document, print_documents, print_names
from reconciler.cli._settings import Settings, settings_with
from reconciler.crds import render_all


@click.command("crds")
@click.option("--out-dir", type=click.Path(file_okay=False, path_type=Path), help="Write one file per kind here.")
@settings_with("table", "json", "yaml", "name")
def command(out_dir: Path | None, settings: Settings) -> int:
    """Print the CustomResourceDefinitions as one YAML stream, or write one file per kind."""
    files = render_all()
    if out_dir is None:
        _print(files, settings)
        return 0
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        for name, text in sorted(files.items()):
            (out_dir / name).write_text(text)
    except OSError as error:
        raise InputError(f"{out_dir}: {error.strerror}; choose another folder with --out-dir") from error
    print_names([str(out_dir / name) for name in sorted(files)], settings)
    print_documents([{"files": [str(out_dir / name) for name in sorted(files)]}], settings)
    return 0


def _print(files: Mapping[str, str], settings: Settings) -> None:
    texts = [files[name] for name in sorted(files)]
    if settings.output == "json":
        items = [yaml.safe_load(text) for text in texts]
        print_document({"apiVersion": "v1", "kind": "List", "items": items}, settings)
    elif settings.output == "name":
        print_names([yaml.safe_load(text)["metadata"]["name"] for text in texts], settings)
    else:
        click.echo("---\n".join(texts), nl=False)
