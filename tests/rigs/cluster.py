"""A Dask cluster of two worker processes over loopback: python cluster.py CAPTURES OUT KILLER.

Runs in a process of its own, because tests may not use the network. Writes, as JSON, what came of
a batch during which one worker was killed, and of a capture that kills every worker.
"""

import json
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path


def die(number: int) -> int:
    """Return the square of a number; 3 kills the worker."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def kill_one(workers: list[int], journal: Path) -> None:
    """Kill a worker when the first capture is done."""
    while not (journal.exists() and journal.stat().st_size):
        time.sleep(0.005)
    os.kill(workers[0], signal.SIGKILL)


def main(captures: str, out: str) -> None:
    """Run both and write what came of them."""
    import dask
    from distributed import Client, LocalCluster

    from tremor.batch.executors import dask_executor, results_of
    from tremor.batch.items import gather_items
    from tremor.batch.request import BatchRequest
    from tremor.batch.run import Workers, run_batch

    dask.config.set({"distributed.scheduler.allowed-failures": 1})
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        with Client(cluster) as client:
            pids = sorted(client.run(os.getpid).values())
        journal = Path(out) / "rows-1-of-1.jsonl"
        threading.Thread(target=kill_one, args=(pids, journal), daemon=True).start()
        report = run_batch(
            gather_items([captures]),
            BatchRequest(out=Path(out)),
            workers=Workers(scheduler=cluster.scheduler_address),
        )
        with ExitStack() as stack:
            make, n_workers = dask_executor(cluster.scheduler_address, stack)
            found = dict(results_of(range(6), die, make_executor=make, n_workers=n_workers))
        with Client(cluster) as client:
            client.wait_for_workers(2, timeout=120)  # it closes badly while a worker starts again
        told = {
            n: type(one).__name__ if isinstance(one, Exception) else one for n, one in found.items()
        }
        document = {"counts": dict(report.counts), "killer": told}
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:3])
