"""IMDB: sentiment of film reviews."""

from functools import partial

from chaoscl.data.card import Card
from chaoscl.data.dataset import Dataset, Training
from chaoscl.data.official import read_texts
from chaoscl.data.sets.stand_ins import generate

CARD = Card(
    name="imdb",
    title="IMDB",
    modality="text",
    kind="sentiment of a film review",
    classes=("negative", "positive"),
    shape=(256,),
    train_rows=25_000,
    test_rows=25_000,
    vocabulary=30_000,
    min_frequency=5,
    official="stanfordnlp/imdb@e6281661ce1c48d982bc483cf8a173c1bbeb5d31",
    licence="none stated; the reviews were written by users of IMDb",
    citation="Maas et al.: Learning Word Vectors for Sentiment Analysis. ACL 2011",
    note="123 texts are in both official splits",
)

DATASET = Dataset(
    CARD,
    read=partial(read_texts, CARD),
    generate=partial(generate, "imdb"),
    source="",
    training=Training(max_lr=1e-2, epochs=4, searched=True, chaosnet_epochs=8, chaosnet_accumulation=4),
)
