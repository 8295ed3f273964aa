"""What is said of children that failed, and what an update sets."""

from vedette.model.batch import BatchChange, Failure, Tally, sentences


def test_each_child_has_its_sentence_and_a_shared_reason_has_one() -> None:
    """Nine thousand equal sentences would help nobody."""
    failures = [Failure("full"), Failure("no", "group/a"), Failure("full"), Failure("no", "group/b"), Failure("gone")]
    assert sentences(failures) == ("2 of them: full", "group/a: no", "group/b: no", "1 of them: gone")
    assert sentences([]) == ()


def test_what_did_not_succeed_failed() -> None:
    """The three counters cannot disagree."""
    assert Tally(5, 3).failed == 2


def test_a_change_names_what_it_sets_and_what_it_removes() -> None:
    """What is absent is not there, so that it stays."""
    change = BatchChange(name="doors", is_saved_as_template=False, removed=("schedule",))
    assert change.fields() == {"name": "doors", "is_saved_as_template": False, "schedule": None}
    assert BatchChange().fields() == {}
