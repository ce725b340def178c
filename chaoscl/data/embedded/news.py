"""News in the manner of AG News: one or two sentences of 20 to 40 words on one of four topics.

Most words say little about the topic: plain words and names are common to all, some words belong to two topics, and
every text borrows from other topics. A few texts are split between two topics, and some labels are wrong.
"""

from itertools import combinations

import numpy as np

from chaoscl.data.embedded import words
from chaoscl.data.embedded.draws import Labels, Urn, order
from chaoscl.data.embedded.grammar import Slots, fill, finish, wrong_labels

TOPICS = 4
NOISE = 0.06  # share of texts with a wrong label
OWN, PAIR, OTHER = 0.36, 0.1, 0.06  # shares of content words from the topic, a pair of topics, another topic
MIXED = 0.1  # share of texts that draw from two topics alike

CLAUSES = (
    "the N of P V a A N D",
    "P V the A N in P",
    "F V its N as the N V",
    "the A N V the N after N of N",
    "X V the N as the A N and the N V",
    "a A N in P V the N D",
    "the N and the N V D",
    "X of P V her A N",
    "A N and N V the N of F",
)
TAILS = (
    ", according to the N",
    ", X said D",
    "in a A N with the N of P",
    "amid A N and N",
    ", while the N of P V",
    "after X V the N",
    ", a N for F said",
    "for the A N in P",
    "despite N and a A N",
    ". The N will be A , X said",
    ". It was the A N since the N of P",
    ". F has not V the N",
)
KINDS = {"N": 0, "V": 1, "A": 2}


class Newsroom:
    """The urns from which words are drawn, one set for each topic."""

    def __init__(self) -> None:
        self.plain = tuple(Urn(group) for group in (words.NOUNS, words.VERBS, words.ADJECTIVES))
        topic = (words.TOPIC_NOUNS, words.TOPIC_VERBS, words.TOPIC_ADJECTIVES)
        self.topic = tuple(tuple(Urn(group[index]) for group in topic) for index in range(TOPICS))
        self.pair = {pair: Urn(words.SHARED[pair]) for pair in combinations(range(TOPICS), 2)}
        self.names = {
            key: Urn(group)
            for key, group in (("P", words.PLACES), ("X", words.PEOPLE), ("F", words.FIRMS), ("D", words.TIMES))
        }

    def slots(self, rng: np.random.Generator, topic: int, second: int) -> Slots:
        """Return the function that fills a slot of a text on ``topic``, partly on ``second``."""

        def fill_slot(slot: str) -> str | None:
            if slot in self.names:
                return self.names[slot].draw(rng)
            if slot not in KINDS:
                return None
            kind, about = KINDS[slot], topic if rng.random() < 0.5 else second
            at, other = rng.random(), (about + 1 + int(rng.random() * (TOPICS - 1))) % TOPICS
            if at < OWN:
                return self.topic[about][kind].draw(rng)
            if at < OWN + PAIR and kind == 0:
                return self.pair[min(about, other), max(about, other)].draw(rng)
            if OWN + PAIR <= at < OWN + PAIR + OTHER:
                return self.topic[other][kind].draw(rng)
            return self.plain[kind].draw(rng)

        return fill_slot


def article(rng: np.random.Generator, room: Newsroom, topic: int) -> str:
    """Write one text of 20 to 40 words."""
    mixed = rng.random() < MIXED
    second = (topic + 1 + int(rng.random() * (TOPICS - 1))) % TOPICS if mixed else topic
    slots = room.slots(rng, topic, second)
    parts = fill(CLAUSES[int(rng.random() * len(CLAUSES))], slots)
    goal = 20 + int(rng.random() * 11)
    while sum(word.isalpha() for word in parts) < goal:
        parts += fill(TAILS[int(rng.random() * len(TAILS))], slots)
    return finish(parts)


def write_news(rng: np.random.Generator, per_class: int) -> tuple[list[str], Labels, Labels]:
    """Return texts, labels and the topics they were written on, in random order; classes are equally frequent.

    Labels and topics are int64 (4 * per_class,) and differ in a share NOISE of the rows.
    """
    room = Newsroom()
    topics = np.repeat(np.arange(TOPICS), per_class)
    topics = topics[order(rng, len(topics))]
    texts = [article(rng, room, int(topic)) for topic in topics]
    return texts, wrong_labels(topics, TOPICS, NOISE), topics
