"""What an experiment is: the settings of algorithm, task and run, the named scenarios, the sides of a comparison, and all of these as text:
links, --set, JSON. The first room: nothing in it computes (no torch, no numpy). Imports no other package of core.

- schema, describe, refusals: a field's type, bounds and meaning in one definition (pydantic); its description; the error sentences
- algorithm, task, run: the settings themselves
- scenario, scenarios: what a named experiment is; the table of them
- techniques, switches: DAPO's techniques; techniques as switches of any algorithm
- diff, from_scenario: the differences between settings; those from a scenario's own
- sides, labels, start: the algorithms that are compared, their labels, the options they share
- links, overrides, serial: settings as a link, as --set KEY=VALUE, as JSON
- words, text, numbers, fields: used by these: settings, values and numbers as text, the error
- limits: what a shared server allows
"""
