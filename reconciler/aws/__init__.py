"""Everything that touches AWS: credentials, reading, writing, pace and errors. The only importer of botocore."""

from reconciler.aws.calls import Calls
from reconciler.aws.reader import AwsReader
from reconciler.aws.sessions import Access
from reconciler.aws.source import AwsSource
from reconciler.aws.trail import TrailReader
from reconciler.aws.writer import AwsWriter

__all__ = ["Access", "AwsReader", "AwsSource", "AwsWriter", "Calls", "TrailReader"]
