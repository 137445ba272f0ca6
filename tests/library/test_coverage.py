"""No layer of the library and no option is left unjudged: what Keras and PyTorch are asked, what is shown elsewhere."""

from __future__ import annotations

import pytest
from given_options import golden_cases, judged, layers
from judged import JUDGED

DRAWN = "test_layers_random.py: what it draws, and how often"
VALUES = "test_images.py: its values, which are whole numbers"
ELSEWHERE: dict[tuple[str, str], str] = {
    **{(name, "dropout"): DRAWN for name in ("SimpleRNN", "LSTM", "GRU", "MultiHeadAttention", "GroupQueryAttention",
                                             "Attention", "AdditiveAttention",
                                             "TransformerEncoder", "TransformerDecoder")},
    **{(name, "recurrent_dropout"): DRAWN for name in ("SimpleRNN", "LSTM", "GRU")},
    ("SimpleRNN", "activity_regularizer"): "Keras forgets it; test_layers_random.py",
    ("GroupQueryAttention", "activity_regularizer"): "Keras counts it twice; test_layers_random.py",
}  # fmt: skip
"""Options that no judge can be asked about, and where they are tested."""
LAYERS_ELSEWHERE = {
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise",
                     "GaussianDropout", "AlphaDropout"), DRAWN),
    "RandomFlip": DRAWN, "CategoryEncoding": VALUES, "Discretization": VALUES, "Masking": "golden cases of masks",
    "Bidirectional": "golden cases", "Remembered": "tests/generation: it is x but where a text goes on",
}  # fmt: skip
"""Layers with nothing to ask a judge about at three shapes."""
OPTIONS, SHAPES = judged([*golden_cases(), *((j.text, j.body, str(s)) for j in JUDGED for s in j.shapes)])


@pytest.mark.parametrize("name", layers())
def test_every_option_is_judged(name: str) -> None:
    if name not in LAYERS_ELSEWHERE:
        missing = {o for o in layers()[name].options if o not in OPTIONS[name] and (name, o) not in ELSEWHERE}
        assert not missing


@pytest.mark.parametrize("name", layers())
def test_every_layer_is_judged_over_three_shapes(name: str) -> None:
    assert name in LAYERS_ELSEWHERE or len({str(s) for j in JUDGED if j.layer == name for s in j.shapes}) >= 3


def test_what_is_shown_elsewhere_is_there() -> None:
    known = layers()
    assert set(LAYERS_ELSEWHERE) <= set(known)
    assert {o for name, o in ELSEWHERE if o not in known[name].options} == set()
