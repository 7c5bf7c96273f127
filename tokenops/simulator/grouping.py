"""Sums of usage over buckets and dimensions: what both usage endpoints are made of."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import numpy as np

from tokenops.simulator.company.types import Workload
from tokenops.simulator.engine import UsageModel, utc_day
from tokenops.simulator.http import Window

Dimension = Callable[[Workload], object]


class Groups:
    """Workloads that pass the filters, grouped by the requested dimensions."""

    def __init__(
        self,
        workloads: Sequence[Workload],
        keep: Callable[[Workload], bool],
        dimensions: dict[str, Dimension],
        group_by: Sequence[str],
    ) -> None:
        self.names = tuple(group_by)
        members: dict[tuple[object, ...], list[int]] = {}
        for index, work in enumerate(workloads):
            if keep(work):
                label = tuple(dimensions[name](work) for name in group_by)
                members.setdefault(label, []).append(index)
        self.labels = sorted(members, key=str)
        self._sum = np.zeros((len(self.labels), len(workloads)), dtype=np.int64)
        for row, label in enumerate(self.labels):
            self._sum[row, members[label]] = 1

    def add(self, values: np.ndarray) -> np.ndarray:
        """[workloads, columns] to [groups, columns]."""
        return self._sum @ values


def bucket_values(
    model: UsageModel, window: Window, groups: Groups, now: datetime
) -> Iterator[tuple[datetime, np.ndarray]]:
    """Each bucket's start and its values by group, as seen at `now`."""
    for start in window.starts:
        day = utc_day(start)
        if window.width.name == "1d":
            values = model.visible(day, now).sum(axis=0)
        elif window.width.name == "1h":
            values = model.visible(day, now)[start.hour]
        else:
            values = model.visible_minutes(day, start.hour, now)[start.minute]
        yield start, groups.add(values)
