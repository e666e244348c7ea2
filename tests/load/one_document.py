"""Documents to write one thing wrong in, and what is said of them."""

from reconciler.load import load

HEAD = "apiVersion: reconciler.dev/v1\nkind: Stack\nmetadata: {name: s}\nspec: {region: us-east-1}\n---\n"
NETWORK = """\
apiVersion: reconciler.dev/v1
kind: Network
metadata: {name: main}
spec:
  cidr: 10.0.0.0/16
  availabilityZones: [us-east-1a]
"""
TASK = """\
apiVersion: reconciler.dev/v1
kind: Task
metadata: {name: web}
spec:
  cluster: main
  network: main
  containers:
    - {name: app, image: nginx}
"""


def problems(document: str) -> list[str]:
    """The problems of one document, by line of that document."""
    found = load({"f": (HEAD + document).encode()}).problems
    return [f"{p.line - 5}:{p.column}: " + p.text.split(": ", 1)[1] for p in found]
