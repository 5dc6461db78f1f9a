"""A stream of blocks and packets in, a recording folder out, safe against a power cut.

Sensors and radio are `devices`; a folder is read by `tremor.formats`.

A folder holds one sensor. Two sensors at once make two folders, best in one that holds nothing else
(``left`` and ``right``), written by two recorders that share a `Zero`: their times then count from
the same moment of the same clock.
"""

from tremor.recorder.counts import RecorderCounts, Zero
from tremor.recorder.description import StreamDescription
from tremor.recorder.disk import DiskState
from tremor.recorder.lock import LOCK_FILE, FolderLock
from tremor.recorder.recorder import Recorder
from tremor.recorder.replaced import REPLACED_FOLDER, move_aside, move_back, remove_replaced

__all__ = [
    "LOCK_FILE",
    "REPLACED_FOLDER",
    "DiskState",
    "FolderLock",
    "Recorder",
    "RecorderCounts",
    "StreamDescription",
    "Zero",
    "move_aside",
    "move_back",
    "remove_replaced",
]
