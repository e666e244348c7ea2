"""One seed again: `ask.py SEED [WORDS]` prints its topology, and both answers to each question with these words."""

from __future__ import annotations

import sys

from agreement import LONG_PATIENCE, Oracle
from topology import described
from verdicts import judge


def main(seed: int, words: str) -> int:
    """Print what there is to know of a seed; 1 where the two disagree."""
    oracle = Oracle(seed)
    try:
        print(f"seed {seed}; broken: {'; '.join(oracle.broken) or 'nothing'}")
        print("\n".join(described(oracle.snapshot)))
        verdict = judge(oracle.snapshot)
        asked = [one for one in oracle.asked if words in str(one.question)]
        wrong = 0
        for one, packets in zip(asked, oracle.answers(asked, LONG_PATIENCE), strict=True):
            analysis, why = verdict(one.question)
            wrong += packets != analysis
            if words or packets != analysis:
                print(f"{one.question}\n  packets {packets}; analysis {analysis}: {why or 'nothing in the way'}")
        print(f"{len(asked)} questions, {wrong} disagreements")
        return min(wrong, 1)
    finally:
        oracle.close()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), " ".join(sys.argv[2:])))
