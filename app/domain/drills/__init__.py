"""Drills, pure: what a scenario says, what time it is in it, what is due, and how well it went. No database, no clock of its own.

    ground      what a scenario may name: members, crossings, rendezvous, languages; resource types and hazards
    placed      YAML with the line and column of everything in it
    model       the shapes of a scenario file: plan, players, injects, objectives
    scenario    a file → a ``Scenario``, or every fault of it with line, column and path
    fault_words  what can be wrong with a script, by code
    checks      what no shape can tell: dangling names, missing languages, offsets beyond the end …
    circles     injects that wait for each other
    texts       what no script may say, and the mark that every text of a drill carries
    journal_marks  that mark around the export of a journal
    events      the journal as drills see it: entries → ``Event``, and the filters that scenarios write
    clock       drill time and wall time, both ways, exact to the microsecond; pauses, words to resume, speed, jumps
    injects     which injects are due now, and when to look again
    expectations  what was asked of whom, done or not, and whether anybody is waited for
    metrics     objectives measured over events
    rating      P / S / M / U with the figure, and an evaluator's overrule
    planned     when each inject is to come, as far as that can be said before
    report      the shapes of an after-action report; ``after_action`` makes one of a drill that is over
    improvement  corrective actions and objectives over drills: open, overdue, retested, better or worse
    views       what players may read: the plan without the script
    virtual     what a player that is no person does, and after how long, from a seed
    tasks       what virtual players have to do by what has happened, and when
    schedule    local hours to instants, recurrence, drills that clash, quorum

Times inside a drill are whole microseconds from its start (``…_us``); in files they are ``"HH:MM:SS"``.
"""

from typing import Final

US: Final = 1_000_000
"""Microseconds in a second."""
