"""The list for people holds every reader, and refuses nothing that one of them reads."""

from __future__ import annotations

from tremor.formats.bids_reading import BIDS_SLUG
from tremor.formats.catalog import readable_formats, refused_kinds
from tremor.formats.csv.dialects import FORMATS
from tremor.formats.decoders.activity_monitors import MONITORS
from tremor.formats.decoders.axis_files import AXIS_FORMATS
from tremor.formats.decoders.catalog import DECODERS
from tremor.formats.parquet import PARQUET_SLUG


def test_every_format_is_listed_once() -> None:
    listed = [one.slug for one in readable_formats()]
    known = {entry.slug for entry in (*FORMATS, *DECODERS, *AXIS_FORMATS)}
    assert set(listed) == known | {*MONITORS, BIDS_SLUG, PARQUET_SLUG}
    assert len(listed) == len(set(listed))


def test_what_an_extra_reads_is_not_among_the_refused() -> None:
    refused = {one.name for one in refused_kinds()}
    assert "PDF document" in refused
    assert not refused & {"Axivity CWA file", "GENEActiv .bin file", "ActiGraph GT3X file"}
