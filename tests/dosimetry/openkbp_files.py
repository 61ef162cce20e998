"""OpenKBP patients (Babier 2021, MIT): sparse tables of voxels as a dose and a label map."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from portico.rt import DoseGrid, Grid, Labels

FOLDER = Path(__file__).parents[1] / "data" / "rt" / "openkbp"
SIZE = 128
NAMES = {1: "SpinalCord", 2: "Brainstem", 3: "PTV70", 4: "PTV63", 5: "PTV56"}


def table(patient, name):
    with gzip.open(FOLDER / patient / f"{name}.csv.gz", "rt") as file:
        rows = [line.rstrip("\n").split(",") for line in file][1:]
    index = np.array([int(row[0]) for row in rows])
    return index, np.array([float(row[1] or 1.0) for row in rows])


def volume(patient, name):
    """(k, j, i) with slices first; the files are in C order with slices last."""
    index, values = table(patient, name)
    made = np.zeros(SIZE**3)
    made[index] = values
    return np.ascontiguousarray(made.reshape(SIZE, SIZE, SIZE).transpose(2, 0, 1))


def patient_grid(patient):
    with gzip.open(FOLDER / patient / "voxel_dimensions.csv.gz", "rt") as file:
        spacing = [float(line) for line in file]
    return Grid((0, 0, 0), (spacing[1], spacing[0], spacing[2]), np.eye(3), (SIZE, SIZE, SIZE))


def patient_of(patient):
    """Dose, label map and the masks by number."""
    grid = patient_grid(patient)
    masks = {number: volume(patient, name) > 0 for number, name in NAMES.items()}
    labels = np.zeros(grid.shape, np.int32)
    for number in sorted(masks, reverse=True):
        labels[masks[number]] = number
    return DoseGrid(grid, volume(patient, "dose"), "PLAN"), Labels(grid, labels)
