import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chaoscl.data.text import PAD, UNKNOWN, build_vocabulary, encode, tokenise

words = st.text("abcdeé", min_size=1, max_size=3)
documents = st.lists(st.lists(words, max_size=12), max_size=8)


def test_words_are_lower_cased_runs_of_letters_digits_and_underscores():
    assert tokenise("U.S. won 3-2: <br />It's_ÉCOLE\n100%") == [
        "u", "s", "won", "3", "2", "br", "it", "s_école", "100",
    ]  # fmt: skip


def test_characters_keep_everything():
    assert tokenise("3+4=?", "characters") == ["3", "+", "4", "=", "?"]
    assert tokenise(" A\n", "characters") == [" ", "a", "\n"]


@given(st.text())
@example("İstanbul ǅ ß")
@example("a\u2028b\x1cc")
def test_any_text_gives_words_that_fit_on_a_line_each(text):
    tokens = tokenise(text)
    assert tokens == re.findall(r"\w+", text.lower())
    # The vocabulary file holds one token a line, and its special tokens must stay special.
    assert "\n".join(tokens).split("\n") == (tokens or [""])
    assert not {"<pad>", "<unk>"} & set(tokens)
    "\n".join(tokens).encode("utf-8")


@given(st.text())
def test_characters_put_together_are_the_lower_cased_text(text):
    assert "".join(tokenise(text, "characters")) == text.lower()


def test_a_vocabulary_by_hand():
    seen = [["b", "b", "a"], ["c", "a"], ["d"]]
    assert build_vocabulary(seen, 10, 1) == ["<pad>", "<unk>", "a", "b", "c", "d"]
    assert build_vocabulary(seen, 10, 2) == ["<pad>", "<unk>", "a", "b"]
    assert build_vocabulary(seen, 3, 1) == ["<pad>", "<unk>", "a"]
    assert build_vocabulary(seen, 2, 1) == ["<pad>", "<unk>"]
    assert build_vocabulary([], 10, 1) == ["<pad>", "<unk>"]


@given(documents, st.integers(2, 12), st.integers(1, 4))
def test_a_vocabulary_holds_the_most_frequent_tokens(seen, size, least):
    vocabulary = build_vocabulary(seen, size, least)
    counts = Counter(token for document in seen for token in document)
    kept, enough = vocabulary[2:], [token for token, count in counts.items() if count >= least]
    assert vocabulary[:2] == ["<pad>", "<unk>"]
    assert len(vocabulary) == min(size, 2 + len(enough))
    assert len(set(vocabulary)) == len(vocabulary)
    assert set(kept) <= set(enough)
    ranks = [(-counts[token], token) for token in kept]
    assert ranks == sorted(ranks)
    left_out = set(enough) - set(kept)
    assert all((-counts[token], token) > ranks[-1] for token in left_out if ranks)


@given(documents, st.randoms(use_true_random=False))
def test_a_vocabulary_does_not_depend_on_the_order_of_the_documents(seen, random):
    mixed = [random.sample(document, len(document)) for document in random.sample(seen, len(seen))]
    assert build_vocabulary(mixed, 8, 1) == build_vocabulary(seen, 8, 1)


@given(documents, documents, st.integers(1, 15))
def test_encoding_cuts_fills_up_and_marks_the_unknown(seen, others, length):
    vocabulary = build_vocabulary(seen, 9, 1)
    rows = encode(others, vocabulary, length)
    assert rows.dtype == np.int32
    assert rows.shape == (len(others), length)
    for row, document in zip(rows.tolist(), others, strict=True):
        kept = document[:length]
        assert row[len(kept) :] == [PAD] * (length - len(kept))
        for number, token in zip(row, kept, strict=False):
            assert vocabulary[number] == (token if token in vocabulary else "<unk>")
            assert number != PAD


def test_encoding_by_hand():
    rows = encode([["b", "z", "a", "a"], [], ["a"]], ["<pad>", "<unk>", "a", "b"], 3)
    assert rows.tolist() == [[3, UNKNOWN, 2], [PAD, PAD, PAD], [2, PAD, PAD]]


@pytest.mark.parametrize(("text", "tokens"), [("", "words"), ("...", "words"), ("", "characters")])
def test_a_text_without_tokens_is_all_padding(text, tokens):
    assert encode([tokenise(text, tokens)], ["<pad>", "<unk>"], 4).tolist() == [[PAD] * 4]
