"""Names of the classes, and the way from a name to its index."""

from __future__ import annotations

import unicodedata
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from camwidget import labels

NAMES = ("tench", "crane", "Tiger cat", "crane", "tabby")


def with_attributes(**attributes: object) -> nn.Module:
    model = nn.Linear(2, 3)
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


@pytest.fixture(scope="module")
def squeezenet() -> nn.Module:
    with torch.device("meta"):
        return torchvision.models.squeezenet1_0()


class TestGiven:
    @pytest.mark.parametrize(
        "given_labels",
        [["cat", "dog"], ("cat", "dog"), np.array(["cat", "dog"]), {0: "cat", 1: "dog"}, {"0": "cat", "1": "dog"},
         {np.int64(1): "dog", np.int64(0): "cat"}, {"categories": ["cat", "dog"]}, (name for name in ("cat", "dog"))],
        ids=["list", "tuple", "array", "dict", "JSON dict", "NumPy keys", "meta", "generator"],
    )  # fmt: skip
    def test_is_taken(self, given_labels):
        assert labels.find(nn.Identity(), given_labels, 2) == ("cat", "dog")

    def test_weights_may_stand_for_their_categories(self):
        weights = torchvision.models.SqueezeNet1_0_Weights.DEFAULT
        assert labels.find(nn.Identity(), weights, 1000)[243] == "bull mastiff"

    def test_comes_before_what_the_model_knows(self):
        assert labels.find(with_attributes(categories=["x", "y", "z"]), ["a", "b", "c"], 3) == ("a", "b", "c")

    def test_gaps_of_a_dict_get_their_index(self):
        assert labels.find(nn.Identity(), {1: "dog"}, 3) == ("class 0", "dog", "class 2")

    def test_of_the_wrong_length_says_both_lengths(self):
        with pytest.raises(ValueError, match=r"^3 labels for 5 classes: .*dict from index to name"):
            labels.find(nn.Identity(), ["a", "b", "c"], 5)

    def test_of_one_too_many_asks_for_the_background(self):
        with pytest.raises(ValueError, match=r"1001 labels for 1000 classes: .*labels\[1:\]"):
            labels.find(nn.Identity(), ["n"] * 1001, 1000)

    @pytest.mark.parametrize("key", [3, -1, "7"])
    def test_key_out_of_range_says_the_range(self, key):
        with pytest.raises(ValueError, match=r"label 'x' has the index -?\d, but the network's classes are 0 to 2"):
            labels.find(nn.Identity(), {key: "x"}, 3)

    def test_dict_the_wrong_way_round_is_turned_in_the_message(self):
        with pytest.raises(ValueError, match=r"one key is 'cat': this one goes the other way, give \{index: name"):
            labels.find(nn.Identity(), {"cat": 0, "dog": 1}, 2)

    @pytest.mark.parametrize("wrong", ["cat dog", b"cat", {"cat", "dog"}, 2, 2.0])
    def test_of_a_wrong_type_says_what_is_accepted(self, wrong):
        with pytest.raises(TypeError, match="a sequence of 2 names or a dict from index to name"):
            labels.find(nn.Identity(), wrong, 2)


class TestFound:
    def test_in_the_models_own_categories(self):
        assert labels.find(with_attributes(categories=("star", "ring", "sun")), None, 3) == ("star", "ring", "sun")

    def test_in_a_configuration(self):
        model = with_attributes(config=SimpleNamespace(id2label={0: "a", "1": "b", 2: "c"}))
        assert labels.find(model, None, 3) == ("a", "b", "c")

    def test_not_in_a_configuration_that_was_never_told(self):
        model = with_attributes(config=SimpleNamespace(id2label={index: f"LABEL_{index}" for index in range(3)}))
        assert labels.find(model, None, 3) == ("class 0", "class 1", "class 2")

    def test_not_where_the_number_is_wrong(self):
        assert labels.find(with_attributes(categories=("star", "ring")), None, 3)[0] == "class 0"

    def test_in_torchvisions_weights(self, squeezenet):
        names = labels.find(squeezenet, None, 1000)
        assert (names[243], names[282]) == ("bull mastiff", "tiger cat")

    def test_not_in_torchvisions_weights_for_another_number_of_scores(self, squeezenet):
        assert labels.find(squeezenet, None, 10)[3] == "class 3"

    def test_by_timms_tag(self):
        model = with_attributes(pretrained_cfg={"mean": (0.5,), "tag": "a1_in1k"})
        assert labels.find(model, None, 1000)[243] == "bull mastiff"

    def test_inside_a_wrapper(self):
        model = with_attributes(categories=("star", "ring", "sun"))
        assert labels.find(nn.DataParallel(model), None, 3)[1] == "ring"

    def test_nowhere_gives_indices(self):
        assert labels.find(nn.Linear(2, 3), None, 2) == ("class 0", "class 1")


class TestText:
    def test_other_things_become_text(self):
        assert labels.find(nn.Identity(), [3, b"dog", None], 3) == ("3", "dog", "class 2")

    def test_blanks_are_stripped(self):
        assert labels.find(nn.Identity(), ["  cat\n"], 1) == ("cat",)

    def test_an_empty_name_gets_its_index(self):
        assert labels.find(nn.Identity(), ["a", " "], 2) == ("a", "class 1")

    def test_control_characters_become_blanks(self):
        assert labels.find(nn.Identity(), ["bull\tmastiff\x00\u202etac"], 1) == ("bull mastiff  tac",)

    @given(st.text(alphabet=st.characters(exclude_categories=())))
    def test_any_name_can_travel(self, text):
        (name,) = labels.find(nn.Identity(), [text], 1)
        assert name
        assert name.encode("utf-8").decode("utf-8") == name
        assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)


class TestIndex:
    @pytest.mark.parametrize("index", [4, np.int64(4), np.uint8(4), torch.tensor(4)])
    def test_of_an_index(self, index):
        found = labels.index_of(NAMES, index)
        assert (found, type(found)) == (4, int)

    def test_of_a_name(self):
        assert labels.index_of(NAMES, "Tiger cat") == 2

    def test_of_a_name_in_another_case(self):
        assert labels.index_of(NAMES, "TIGER CAT ") == 2

    def test_exact_case_comes_first(self):
        assert labels.index_of(("Cat", "cat"), "cat") == 1

    def test_of_an_ambiguous_name_lists_the_indices(self):
        with pytest.raises(ValueError, match=r"2 classes are called 'crane': 1 and 3. Give the index"):
            labels.index_of(NAMES, "crane")

    def test_of_an_unknown_name_suggests_the_nearest(self):
        with pytest.raises(
            ValueError, match=r"unknown class 'tigre cat'; did you mean 'Tiger cat'\? Accepted: 'tench'"
        ):
            labels.index_of(NAMES, "tigre cat")

    @pytest.mark.parametrize("index", [-1, 5, 10**30])
    def test_out_of_range_says_the_range(self, index):
        with pytest.raises(
            ValueError, match=rf"class {index} is out of range: .* 0 to 4, or its name, such as 'tench'"
        ):
            labels.index_of(NAMES, index)

    @pytest.mark.parametrize("wrong", [True, np.True_, torch.tensor(True), 1.0, np.float32(1), None, [1]], ids=repr)
    def test_of_a_wrong_type_says_what_is_accepted(self, wrong):
        with pytest.raises(
            TypeError, match=r"a class is given by its index, 0 to 4, or its name, such as 'tench'; given"
        ):
            labels.index_of(NAMES, wrong)

    @given(st.lists(st.text(), min_size=1, max_size=20), st.data())
    def test_any_name_leads_to_a_class_of_that_name(self, texts, data):
        names = labels.find(nn.Identity(), texts, len(texts))
        wanted = data.draw(st.integers(0, len(names) - 1))
        if names.count(names[wanted]) == 1:
            assert labels.index_of(names, names[wanted]) == wanted
