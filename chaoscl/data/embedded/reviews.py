"""Film reviews in the manner of IMDB: 40 to 120 words, negative (0) or positive (1).

Reviews have mixed opinions: not every clause agrees with the label, praise and blame are also
put by negation ("not good"), much of a text tells the plot, and some labels are wrong.
"""

import numpy as np

from chaoscl.data.embedded import words
from chaoscl.data.embedded.draws import Labels, Urn, order
from chaoscl.data.embedded.grammar import Slots, fill, finish, wrong_labels

CLASSES = 2
NOISE = 0.08  # share of reviews with a wrong label
AGREE = (0.88, 1.0)  # range over reviews of the share of clauses that agree with the label

# O is a word of the clause's opinion, U one of the opposite, E a word of either
OPINIONS = (
    "the S was G O",
    "the S and the S are O",
    "i found the S G O",
    "what a O S",
    "X gives us a O S",
    "the S is O and the S even more so",
    "the S was not U",
    "the S is never U",
    "although the S was U , the S is G O",
    "some call the S U , but i thought it was O",
    "a O and E S",
)
PLOTS = (
    "X plays a C who V a A N in P",
    "it is the story of a C and a C who V the N",
    "X V the N as the E C",
    "then the N of P V the A N",
    "the S was made by X in P",
    "in the first half a A C V her N",
    "the S is E",
    "a A N with a C and a N T",
    "the C of X V the N and the N",
)


class Desk:
    """The urns from which words are drawn."""

    def __init__(self) -> None:
        plain = {"N": words.NOUNS, "V": words.VERBS, "A": words.ADJECTIVES, "E": words.EITHER, "S": words.ASPECTS}
        names = {"X": words.PEOPLE, "P": words.PLACES, "C": words.CALLINGS, "G": words.DEGREES}
        self.urns = {key: Urn(group) for key, group in {**plain, **names}.items()}
        self.topics = tuple(Urn(group) for group in words.TOPIC_NOUNS)
        self.opinion = (Urn(words.BAD, 1.0), Urn(words.GOOD, 1.0))
        self.ends = (Urn(words.BAD_ENDS), Urn(words.GOOD_ENDS))
        self.hedges = Urn(words.HEDGES)

    def slots(self, rng: np.random.Generator, opinion: int) -> Slots:
        """Return the function that fills a slot of a clause with ``opinion`` (0 or 1)."""

        def fill_slot(slot: str) -> str | None:
            if slot in "OU":
                return self.opinion[opinion if slot == "O" else 1 - opinion].draw(rng)
            if slot == "T":
                return "like any other"
            if slot == "N" and rng.random() < 0.35:
                return self.topics[int(rng.random() * len(self.topics))].draw(rng)
            return self.urns[slot].draw(rng) if slot in self.urns else None

        return fill_slot


def clause(rng: np.random.Generator, desk: Desk, label: int, agree: float) -> list[str]:
    """Write one clause: plot, opinion, summing up or an aside."""
    opinion = label if rng.random() < agree else 1 - label
    at, choice = rng.random(), rng.random()
    if at < 0.3:
        return fill(PLOTS[int(choice * len(PLOTS))], desk.slots(rng, opinion))
    if at < 0.86:
        return fill(OPINIONS[int(choice * len(OPINIONS))], desk.slots(rng, opinion))
    return (desk.ends[opinion] if at < 0.92 else desk.hedges).draw(rng).split()


def review(rng: np.random.Generator, desk: Desk, label: int) -> str:
    """Write one review of 40 to 120 words."""
    agree = AGREE[0] + (AGREE[1] - AGREE[0]) * rng.random()
    goal = 40 + int(rng.random() * 66)
    parts = clause(rng, desk, label, agree)
    while sum(word.isalpha() for word in parts) < goal:
        link = (".", ".", ".", ", and", ", but")[int(rng.random() * 5)]
        parts += [*link.split(), *clause(rng, desk, label, agree)]
    return finish(parts)


def write_reviews(rng: np.random.Generator, per_class: int) -> tuple[list[str], Labels, Labels]:
    """Return texts, labels and the opinions they were written with, in random order; both are equally frequent.

    Labels and opinions are int64 (2 * per_class,) and differ in a share NOISE of the rows.
    """
    desk = Desk()
    opinions = np.repeat(np.arange(CLASSES), per_class)
    opinions = opinions[order(rng, len(opinions))]
    texts = [review(rng, desk, int(opinion)) for opinion in opinions]
    return texts, wrong_labels(opinions, CLASSES, NOISE), opinions
