"""Objects that stay the text they were stored as."""

import json
import math

from vedette.store.json_text import JsonText


def test_it_is_the_object_that_its_text_says() -> None:
    """Who looks into a message need not know how it is kept."""
    text = JsonText('{"a": 1, "b": {"c": [2]}}')
    assert text == {"a": 1, "b": {"c": [2]}}
    assert (text["b"]["c"], text.get("d"), len(text), list(text)) == ([2], None, 2, ["a", "b"])
    assert text.text == '{"a": 1, "b": {"c": [2]}}'


def test_what_python_writes_is_read() -> None:
    """An algorithm of before may have told what is no JSON elsewhere."""
    assert math.isnan(JsonText(json.dumps({"a": math.nan}))["a"])
