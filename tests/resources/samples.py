"""`SAMPLES`: one `Sample` or more of every resource type, by the type's name.

They are found in the modules beside this one that are called `samples_...`, so that whoever adds a type adds a module
and edits none.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from type_sample import Sample

SAMPLES: dict[str, tuple[Sample, ...]] = {}

for _path in sorted(Path(__file__).parent.glob("samples_*.py")):
    SAMPLES |= importlib.import_module(_path.stem).SAMPLES
