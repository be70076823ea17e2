"""What is drawn: small numbers only, so that drawing is cheap and what fails becomes small."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.proof.authors import Case

NODE = st.tuples(st.integers(0, 8), st.integers(0, 11), st.integers(0, 11), st.integers(0, 8191))
HEAD = st.tuples(
    st.integers(0, 2**18 - 1),
    st.integers(0, 143),
    st.integers(0, 511),
    st.integers(0, 80),
    st.integers(0, 31),
    st.integers(0, 1023),
    st.integers(0, 1023),
)
HAPPENING = st.tuples(st.integers(0, 23), st.integers(0, 63), st.integers(0, 15))

CASES = st.builds(
    Case,
    head=HEAD,
    body=st.lists(NODE, min_size=1, max_size=9).map(tuple),
    child=st.lists(NODE, min_size=1, max_size=4).map(tuple),
    script=st.lists(HAPPENING, min_size=8, max_size=70).map(tuple),
    salt=st.integers(0, 2**32 - 1),
)
