"""The charts of a log, and what its metrics are called."""

from pages.shared.common.log_charts import KNOWN, OTHER_WORDS, TITLES, chart_of, title


def test_every_metric_has_a_title_in_words_that_no_other_has():
    titles = {name: title(name) for name in KNOWN}
    assert (
        len(set(titles.values())) == len(titles)
        and TITLES.keys() | OTHER_WORDS.keys() == KNOWN.keys()
        and not TITLES.keys() & OTHER_WORDS.keys()
    )
    assert not any("_" in text or text != text.strip() or text[:1].islower() for text in titles.values())


def test_a_chart_bears_its_metrics_title():
    assert chart_of("kl_base")["title"] == "KL to the base policy" and chart_of("zero_std_fraction")["bounds"] == [0, 1]
