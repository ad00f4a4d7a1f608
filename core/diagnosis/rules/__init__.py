"""The rules, in the order in which their findings are told."""

from collections.abc import Callable

from core.diagnosis.evidence import Evidence
from core.diagnosis.finding import Finding
from core.diagnosis.rules.clip import clip, stale
from core.diagnosis.rules.diverged import diverged
from core.diagnosis.rules.entropy import entropy
from core.diagnosis.rules.evaluation import evaluation_falls, parts_diverge
from core.diagnosis.rules.gradient_large import gradient_large
from core.diagnosis.rules.gradient_zero import gradient_zero
from core.diagnosis.rules.kl import kl
from core.diagnosis.rules.learning_rate import learning_rate
from core.diagnosis.rules.length import length
from core.diagnosis.rules.loss import loss
from core.diagnosis.rules.mismatch import mismatch
from core.diagnosis.rules.missing import missing
from core.diagnosis.rules.no_signal import no_signal
from core.diagnosis.rules.reward import reward
from core.diagnosis.rules.single_answer import single_answer

RULES: tuple[Callable[[Evidence], list[Finding]], ...] = (
    diverged, learning_rate, single_answer, gradient_zero, no_signal, reward, parts_diverge, evaluation_falls, mismatch, stale,
    gradient_large, entropy, length, kl, clip, loss, missing,
)  # fmt: skip

__all__ = ["RULES"]
