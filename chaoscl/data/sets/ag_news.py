"""AG News: topics of news items."""

from functools import partial

from chaoscl.data.card import Card
from chaoscl.data.dataset import Dataset, Training
from chaoscl.data.official import read_texts
from chaoscl.data.sets.stand_ins import generate

CARD = Card(
    name="ag_news",
    title="AG News",
    modality="text",
    kind="topic of a news item",
    classes=("World", "Sports", "Business", "Sci/Tech"),
    shape=(128,),
    train_rows=120_000,
    test_rows=7_600,
    vocabulary=20_000,
    min_frequency=5,
    official="fancyzhx/ag_news@eb185aade064a813bc0b7f42de02595523103ca4",
    licence="research and other non-commercial use, as its authors state",
    citation="Zhang, Zhao, LeCun: Character-level Convolutional Networks for Text Classification. NIPS 2015",
)

DATASET = Dataset(
    CARD,
    read=partial(read_texts, CARD),
    generate=partial(generate, "ag_news"),
    source="",
    training=Training(max_lr=1e-2, epochs=4, searched=True, chaosnet_epochs=8, chaosnet_accumulation=4),
)
