"""What the keys of sections and the words of statements mean, in a line each."""

from __future__ import annotations

from nndsl.check import data, train

TRAIN = {
    "optimizer": "How params change: `Adam(learning_rate=0.001)`. RMSprop where it is left out.",
    "epochs": "How often all rows are gone through.",
    "batch_size": "How many rows a step takes.",
    "shuffle": "Whether the rows are put in another order in each epoch.",
    "seed": "Where random numbers start, so that a training can be repeated; `none` takes a new one each time.",
    "data": 'What is trained on: a source such as `npz("file.npz", x="x_train")`, or the name of a data section.',
    "validation": "What is measured after each epoch: a source, or a share of the rows trained on.",
    "validation_split": "The share of the rows that are measured after each epoch and not trained on.",
    "test": "What `nndsl evaluate` measures.",
    "callbacks": "What is done after each epoch: `[EarlyStopping(patience=3)]`.",
}
DATA = {
    "train": "What is trained on.",
    "validation": "What is measured after each epoch: a source, or a share of the rows trained on.",
    "test": "What `nndsl evaluate` measures.",
}
KEYS = {"train": train.KEYS, "data": data.KEYS}
DOCS = {"train": TRAIN, "data": DATA}


def setting_doc(section: str, key: str) -> str:
    """What a key of a section means; empty where nothing is said of it."""
    return DOCS.get(section, {}).get(key, "")
