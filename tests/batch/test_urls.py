"""Captures in object stores: what URLs stand for, and that their credentials are never written."""

import shutil
import zipfile
from pathlib import Path

import pytest

from tremor.batch.items import gather_items
from tremor.batch.request import BatchRequest
from tremor.batch.run import Workers, run_batch
from tremor.batch.urls import store_digest, urls_of, without_credentials
from tremor.errors import CaptureNotFoundError, InvalidInputError

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
SAMPLE = Path(__file__).parents[2] / "sample_data" / "walking_no_tremor.csv"


@pytest.fixture
def store():
    """An object store in memory with two captures and a recording of two files."""
    filesystem = fsspec.filesystem("memory")
    for name in ("one.csv", "two.csv"):
        filesystem.pipe(f"/lab/{name}", SAMPLE.read_bytes())
    filesystem.pipe("/lab/phone/TotalAcceleration.csv", _as_sensor_logger())
    yield filesystem
    filesystem.rm("/lab", recursive=True)


def _as_sensor_logger():
    rows = [line.split(",") for line in SAMPLE.read_text().splitlines() if line[:1].isdigit()]
    lines = [f"{int((1.76e9 + float(t)) * 1e9)},{t},{z},{y},{x}" for t, x, y, z, *_ in rows]
    return "\n".join(["time,seconds_elapsed,z,y,x", *lines]).encode()


def run(out, *urls, **options):
    report = run_batch(gather_items(urls), BatchRequest(out=out), **options)
    return report, (out / "summary.csv").read_text()


@pytest.mark.usefixtures("store")
def test_objects_and_patterns_and_folders_are_analysed(tmp_path):
    report, table = run(tmp_path, "memory://lab/*.csv", "memory://lab/phone")
    assert report.counts == {"insufficient": 3}
    assert "memory://lab/one.csv," in table.replace("memory:///", "memory://")


def test_chains_are_analysed(tmp_path):
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as members:
        members.write(SAMPLE, "in/a.csv")
        members.write(SAMPLE, "in/b.csv")
    chain = f"zip://in/*.csv::file://{archive}"
    assert urls_of(chain) == [f"zip://in/{name}.csv::file://{archive}" for name in "ab"]
    assert run(tmp_path / "out", chain)[0].counts == {"insufficient": 2}
    cached = f"simplecache::file://{SAMPLE}"
    assert run(tmp_path / "other", cached)[0].counts == {"insufficient": 1}


@pytest.mark.usefixtures("store")
def test_a_missing_object_fails_alone(tmp_path):
    report, table = run(tmp_path, "memory://lab/one.csv", "memory://lab/none.csv")
    assert report.counts == {"insufficient": 1, "failed": 1}
    assert "memory://lab/none.csv does not exist" in table
    with pytest.raises(CaptureNotFoundError, match="matches no object"):
        gather_items(["memory://lab/x*.csv"])


def test_a_batch_of_urls_goes_on(tmp_path):
    for name in ("a.csv", "b.csv"):
        shutil.copy(SAMPLE, tmp_path / name)
    pattern = f"file://{tmp_path}/*.csv"
    assert run(tmp_path / "out", pattern, workers=Workers(n_processes=2))[0].n_kept == 0
    assert run(tmp_path / "out", pattern, resume=True)[0].n_kept == 2
    (tmp_path / "a.csv").write_text("Dear Sir,\n")
    report, _ = run(tmp_path / "out", pattern, resume=True)
    assert (report.n_kept, report.counts["failed"]) == (1, 1)


def test_what_the_store_knows_of_an_object_spares_its_fetching(store, tmp_path, monkeypatch):
    url = "memory://lab/one.csv"
    facts, whole = store.info("/lab/one.csv"), type(store).get_file
    tags = {"ETag": '"1f"'}
    monkeypatch.setattr(type(store), "info", lambda *_, **__: facts | tags)
    run(tmp_path, url)

    def refuse(*_, **__):
        raise OSError("fetched again")

    monkeypatch.setattr(type(store), "get_file", refuse)
    assert run(tmp_path, url, resume=True)[0].n_kept == 1
    tags["ETag"] = '"2a"'
    assert "fetched again" in run(tmp_path, url, resume=True)[1]
    monkeypatch.setattr(type(store), "get_file", whole)
    assert run(tmp_path, url, resume=True)[0].counts == {"insufficient": 1}
    tags["ETag"] = 'W/"2a"'  # says that it means the same, not that it is the same
    assert store_digest(url) == ""


@pytest.mark.parametrize(
    ("url", "named"), [("s3://lab/*.csv", "s3fs"), ("nowhere://lab/a.csv", "nowhere")]
)
def test_a_missing_package_is_named_before_the_work(url, named):
    if named == "s3fs":
        try:
            import s3fs  # noqa: F401
        except ImportError:
            pass
        else:
            pytest.skip("s3fs is installed")
    with pytest.raises(InvalidInputError, match=named):
        gather_items([url])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pw@host/a.csv", "https://host/a.csv"),
        ("https://ghp_token@host/a.csv?part=2", "https://host/a.csv?part=2"),
        ("sftp://me:p%40w@host/a.csv", "sftp://me@host/a.csv"),
        ("abfs://box@account.net/a.csv", "abfs://box@account.net/a.csv"),
        ("s3://lab/a@b.csv", "s3://lab/a@b.csv"),
        ("https://host/x@y/a.csv?id=1&st=2", "https://host/x@y/a.csv?id=1&st=2"),
        ("https://b/a.csv?id=7&X-Amz-Credential=a&X-Amz-Signature=b", "https://b/a.csv?id=7"),
        ("https://b/a.csv?sv=2024&se=2026&sp=r&sig=ab%3D", "https://b/a.csv"),
        ("zip://a.csv::https://me:pw@host/x.zip?access_token=1", "zip://a.csv::https://host/x.zip"),
        ("said 'https://me:pw@host/a', is it?", "said 'https://host/a', is it?"),
    ],
)
def test_credentials_are_taken_out(url, shown):
    assert without_credentials(url) == shown


def test_credentials_are_nowhere_in_the_outputs(store, tmp_path, monkeypatch):
    """Also not where the store repeats them in its error, or the traceback of a fault has them."""

    def fail(_, path, *__, **___):
        raise OSError(f"no route to ftp://anna:geheim@host{path}")

    monkeypatch.setattr(type(store), "get_file", fail)
    manifest = tmp_path / "list.csv"
    manifest.write_text(
        "path,subject,link\nmemory://anna:geheim@lab/one.csv,s1,https://anna:geheim@host/x\n"
    )
    items = gather_items([str(manifest)])
    assert items[0].source == "memory://anna:geheim@lab/one.csv"
    assert "geheim" not in repr(items)
    out = tmp_path / "out"
    assert run(out, str(manifest))[0].counts == {"failed": 1}
    written = [one for one in out.rglob("*") if one.is_file()]
    assert len(written) > 8
    assert not [one.name for one in written if b"geheim" in one.read_bytes()]
