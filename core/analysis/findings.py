"""A comparison in sentences: the findings of report.md and of the page. Made from the numbers of summary.json alone."""

from __future__ import annotations

from core.analysis.detectors import ENTROPY_COLLAPSE_FRACTION, EVENT_UPDATES, STATES
from core.analysis.result import Status
from core.analysis.stats import Estimate
from core.analysis.tables import bracketed, final_text, number
from core.analysis.verdict import NEGLIGIBLE, Verdict, verdict

WHOLE_BUDGET = 0.9  # two runs compared up to this share of the samples of the one that used most are compared over all of it


def findings(summary: dict) -> list[str]:
    """What happened, one sentence each: interruptions, then each algorithm, then each difference from the first algorithm."""
    out = [_status(label, status) for label, status in summary["status"].items() if status["status"] != Status.DONE]
    out += [_fate(label, numbers, summary["score"]) for label, numbers in summary["algorithms"].items()]
    labels = list(summary["algorithms"])
    forks = summary.get("forks", {})
    out += [_rescue(label, fork, summary) for label, fork in forks.items()]
    out += [_changed(label, one) for label, changes in summary.get("changed", {}).items() for one in changes]
    for label in labels[1:]:
        base = forks[label]["of"] if label in forks else labels[0]
        out += _contrast(label, base, summary["differences"][f"{label} - {base}"], summary["score"])
    return out


def headline(summary: dict) -> str:
    """The difference of a comparison of two sides at equal updates; '' where there is none to tell."""
    labels = list(summary["algorithms"])
    if len(labels) != 2 or summary.get("forks"):
        return ""
    base, label = labels
    numbers = summary["differences"][f"{label} - {base}"]["eval_accuracy"]
    return _told_contrast("At equal updates", label, base, numbers, summary["score"])


def _status(label: str, status: dict) -> str:
    failed, update, error = status["status"] == Status.FAILED, status["updates"], status["error"]
    if failed and not update:
        return f"**{label} failed** before its first update: {error}."
    if failed:
        return f"**{label} failed** after update {update}: {error}. Everything before that is kept."
    if not update:
        return f"**{label} was stopped** before its first update."
    return f"**{label} was stopped** after update {update}; what it measured until then is kept."


def _fate(label: str, numbers: dict, score_name: str) -> str:
    """'GRPO went from a held-out accuracy of 0 to 0.5. Its gradient vanished at update 182. …'."""
    score, events = numbers["eval_accuracy"], numbers["events"]
    final, named = final_text(score).replace(", IQM ", ", interquartile mean "), f"{_article(score_name)} {score_name}"
    course = f"**{label}** went from {named} of {number(score['initial'])} to {final}."
    if score["initial"] is None:  # a fork that began between two evaluations
        course = f"**{label}** ends with {named} of {final}."
    return " ".join([course, *_events(events), _seeds(numbers), _signal(numbers)])


def _events(events: dict) -> list[str]:
    """What became of the gradient and of the entropy; a run of fewer updates than that is looked for in cannot tell."""
    if events["too_early"]:
        return [f"It has too few updates to tell whether its gradient vanished or its entropy fell: that takes {EVENT_UPDATES}."]
    return [_gradient(events), _entropy(events)]


def _gradient(events: dict) -> str:
    """'Its gradient vanished at update 182 (groups all wrong).', or that it never had one, and why."""
    vanished, never = events["gradient_vanished_update"], events["never_had_gradient"]
    if never == "mixed":
        return "It never had a gradient, although some of its groups were mixed."
    if never is not None:
        return f"It never had a gradient, because nearly all of its groups were {never}."
    if vanished is None:
        return "Its gradient did not vanish."
    why = events["words"]["grad_norm"]["why"]
    return f"Its gradient vanished at update {vanished} ({why})." if why else f"Its gradient vanished at update {vanished}."


def _entropy(events: dict) -> str:
    """'Its mean entropy fell below 40% at update 96 (entropy collapsed in 13 of 16 seeds).'; a policy that still learns or has
    solved its prompts has not collapsed. Single seeds may have collapsed although the mean has not fallen."""
    update = events["entropy_low_update"]
    if update is None:
        return f"Its entropy, as a mean over {EVENT_UPDATES} updates, stayed above {ENTROPY_COLLAPSE_FRACTION:.0%} of the initial one."
    what = events["words"]["entropy_nats"]["what"]
    return f"Its mean entropy fell below {ENTROPY_COLLAPSE_FRACTION:.0%} at update {update} ({what})."


def _seeds(numbers: dict) -> str:
    """'At the end 12 of 16 seeds have collapsed and 2 have solved the training prompts.', and how many have little entropy and still learn."""
    counts = {name: numbers["seeds"][name]["count"] for name in STATES}
    count = numbers["seeds"]["of"]
    of = f"{count} seed{'s' if count > 1 else ''}"
    if counts["still_learning"]:
        return (
            f"At the end {counts['collapsed']} of {of} have collapsed, {counts['solved']} have solved the training prompts, and "
            f"{counts['still_learning']} have low entropy but still learn."
        )
    return f"At the end {counts['collapsed']} of {of} have collapsed and {counts['solved']} have solved the training prompts."


def _changed(label: str, one: dict) -> str:
    changes = ", ".join(f"`{name}` = {value}" for name, value in one["changes"].items()) or "another budget"
    return f"**{label}** went on after update {one['update']} with {changes}: later numbers are those of the changed settings."


def _rescue(label: str, fork: dict, summary: dict) -> str:
    """'Rescue left GRPO after update 112 with dynamic_sampling = refill: entropy 0.2 → 0.55, …'."""
    after = summary["algorithms"][label]
    changed = ", ".join(f"`{name}` = {value}" for name, value in fork["changes"].items()) or "nothing changed"
    words = {"entropy_nats": "entropy", "grad_norm": "gradient norm", "eval_accuracy": summary["score"]}
    course = ", ".join(f"{text} {number(fork['before'][name])} → {number(after[name]['final'])}" for name, text in words.items())
    return f"**{label}** left {fork['of']} after update {fork['update']} with {changed}: {course}."


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _signal(numbers: dict) -> str:
    """What the groups at the end were good for: how many were dropped, or in how many of those trained on every advantage was 0. A run that is
    older than that metric tells how many were all wrong or all right, whose advantages may be other than 0."""
    dropped = numbers["filter_ratio"]["final"] or 0
    zero = numbers["zero_advantage_fraction"]["final"]
    if dropped > 0.9995:
        most, left = ("every", "nothing") if dropped == 1 else ("nearly every", "hardly anything")
        return f"At the end it dropped {most} group that it generated, and had {left} to train on."
    if dropped > 0:
        return f"At the end it dropped {_percent(dropped)} of the groups it generated."
    if zero is None:
        unmixed = (numbers["all_wrong_fraction"]["final"] or 0) + (numbers["all_right_fraction"]["final"] or 0)
        return f"At the end {_percent(unmixed)} of its groups were all wrong or all right."
    if zero == 0:
        return "At the end every group it trained on had advantages other than 0."
    return f"At the end every advantage was 0 in {_percent(zero)} of the groups it trained on."


def _percent(share: float) -> str:
    """'81%'; what is not all is not told as all, and what is not nothing not as nothing."""
    if 0 < share < 0.005:
        return "under 1%"
    return "over 99%" if 0.995 <= share < 1 else f"{share:.0%}"


def _equal_samples(numbers: dict) -> str:
    """'At equal samples generated (231,000 per seed)', or how far less than the one that generated most the comparison goes, and what would
    compare more."""
    found = numbers["eval_accuracy_equal_samples"]
    samples, whole = found["samples"], found["of_samples"]
    if samples >= WHOLE_BUDGET * whole:
        return f"At equal samples generated ({samples:,.0f} per seed)"
    remedy = "; a budget of samples would compare all of them" if found["budgets_of_updates"] else ""
    return f"At equal samples generated, as far as both have been run (the first {samples:,.0f} of {whole:,.0f} per seed{remedy})"


def _equal_cost(numbers: dict) -> str:
    """'At equal cost (4,100,000 tokens per seed, one generated counted as 1 trained on)', or how far the comparison goes."""
    found = numbers["eval_accuracy_equal_cost"]
    tokens, whole, price = (found[name] for name in ("tokens", "of_tokens", "generation_price"))
    priced = f"one generated counted as {price:g} trained on"
    if tokens is None or whole is None or tokens >= WHOLE_BUDGET * whole:
        return f"At equal cost ({tokens or 0:,.0f} tokens per seed, {priced})"
    return f"At equal cost, as far as both have been run (the first {tokens:,.0f} of {whole:,.0f} tokens per seed, {priced})"


def _contrast(label: str, base: str, numbers: dict, score_name: str) -> list[str]:
    """One sentence per budget: ahead, behind, level, not to be told from chance, or too few seeds to tell."""
    out = []
    conditions = {
        "eval_accuracy": "At equal updates",
        "eval_accuracy_equal_samples": _equal_samples(numbers),
        "eval_accuracy_equal_cost": _equal_cost(numbers),
    }
    for key, condition in conditions.items():
        if sentence := _told_contrast(condition, label, base, numbers[key], score_name):
            out.append(sentence + _ahead(label, base, numbers["probability_of_improvement"][key]))
    return out


def _told_contrast(condition: str, label: str, base: str, contrast: dict, score_name: str) -> str:
    """The sentence of one contrast; '' if it was not measured."""
    mean, ci95 = contrast["mean"], contrast["ci95"]
    if mean is None:
        return ""
    found = verdict(Estimate(mean, *(ci95 or ())))
    if found is Verdict.TOO_FEW:
        return f"{condition}, {label} ends {mean:+.3f} from {base} in {score_name}: too few seeds to tell."
    if found is Verdict.LEVEL:
        return f"{condition}, {label} and {base} end level in {score_name}, within {NEGLIGIBLE:g} {bracketed(ci95)}."
    if found is Verdict.UNCLEAR:
        return (
            f"{condition}, no difference in {score_name} between {label} and {base} can be told from chance: "
            f"{round(mean, 3) + 0.0:+.3f} {bracketed(ci95)}."
        )
    if found is Verdict.UP:
        return f"{condition}, {label} ends ahead of {base} by {mean:.3f} in {score_name} {bracketed(ci95)}."
    return f"{condition}, {label} ends behind {base} by {-mean:.3f} in {score_name} {bracketed(ci95)}."


def _ahead(label: str, base: str, probability: dict) -> str:
    """' A seed of DAPO beats a seed of GRPO with probability 0.95 [0.8, 0.99].', and how a tie counts where there is one; '' without an
    interval."""
    if probability["ci95"] is None:
        return ""
    tied = ", if a tie counts as half" if probability["ties"] else ""
    return (
        f" A seed of {label} beats a seed of {base} with probability {number(probability['mean'])} "
        f"{bracketed(probability['ci95'])}{tied}."
    )
