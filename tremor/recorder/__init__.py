"""A stream of blocks and packets in, a recording folder out, safe against a pulled plug.

Where blocks come from is not known here; how a folder is read is `tremor.formats`.

A folder holds one sensor. Two sensors at once are two folders, best side by side in one that holds
nothing else (``left`` and ``right``), made by two recorders that share a `Zero`: their times then
count from the same moment of the same clock.
"""

from tremor.recorder.counts import RecorderCounts, Zero
from tremor.recorder.description import StreamDescription
from tremor.recorder.disk import DiskState
from tremor.recorder.recorder import Recorder

__all__ = ["DiskState", "Recorder", "RecorderCounts", "StreamDescription", "Zero"]
