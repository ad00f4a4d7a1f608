r"""The Learn pages: interactive explanations, one idea each. This is the guide to writing one.

The package may import core, pages.shared.common and itself.

A page called `clip_higher` is five files; look at `grpo` first, it uses everything.

    pages/clip_higher.py                          what is shown, in order; one call per part, no words
    pages/shared/learn/text/en/clip_higher.md     all words; another language is another folder beside `en`
    pages/shared/learn/figures/clip_higher.js     the figures, and the maths they draw as pure functions
    pages/shared/learn/numbers/clip_higher.py     functions whose numbers the text quotes (only if it quotes any)
    tests/browser/learn/clip_higher.py            CASES (each pure function against core) and DRAGS (each figure)

The name must stand in `contents.ORDER`; the page is in the menu as soon as pages/clip_higher.py exists. Nothing else is registered.

1. The page

    page = LearnPage("clip_higher")               # title and lead
    page.text("idea")                             # any section: heading and prose
    page.figure("ceiling")                        # figures/clip_higher.js, words from {#figure-ceiling}
    page.equation()                               # {#equation}: formula and symbols
    page.code(policy_loss)                        # {#code}, then the function itself, read from core
    page.live("clip-higher-helps", replicas=4, updates=160, charts=("entropy_nats", "eval_accuracy"))  # {#live} … {#result}
    page.limits()                                 # {#limits}
    page.questions()                              # {#try}: three of them
    page.compare("clip-higher-helps")             # the link; settings=("GRPO.eps_high=0.4",) if they differ from the scenario
    page.sources()                                # {#sources}; last

All of these sections must exist and every section must be shown: tests/pages/learn/test_pages.py reads the list. More sections of your own, and
several figures, equations and functions, are welcome where they are short. `live` takes `sides`, `updates`, `replicas` and `settings` as
`small.small` says, and charts by name or whole (see live_board.charts). Choose them so that training takes about 3 s on one core, 5 at most.

2. The text

    # Title
    The lead: one or two sentences.
    ## Heading {#key}
    Prose in Streamlit's Markdown, with $…$ and $$ … $$ (on lines of their own). No HTML.

- Plain words first, then the formula. Short sentences. Say what the reader does and sees.
- `[[entropy]]` or `[[entropy|shown words]]` shows what the glossary says. Add terms to glossary.md as `## term` and one or two sentences.
- An equation's section: perhaps prose, the $$ … $$, a table `| symbol | what it is |`, perhaps more prose. Every letter, Greek letter and
  \operatorname of the formula must appear in the table.
- A figure's section: what to do with it, then its words as lines `- name: words`. {x} in them is filled by the script.
- `### Question` in {#try}, then `set: FIGURE {"control": value}` for its button (it resets the figure first), then what should be seen.
- Numbers from runs or formulas are never typed: {{collapse/GRPO/grad_norm/final:.2f}} and {{=function(1, 16):.2f}}, see `values`. Parameters,
  such as a paper's 0.28, stand in backticks or in math. A sentence that rests on a number ("falls below a third") is followed by
  <!-- holds: collapse/GRPO/gradient_share/mean < 0.15 -->, which a test checks.
- {#result} is shown after the miniature; there {{run/SIDE/METRIC/final:.2f}} (initial, final, final_over_initial) is what was just measured.
  Word it so that it is true whatever comes out.

3. The figures

    export function ceiling(probability, epsHigh) { … }          // pure, exported: checked against core
    export const figures = { ceiling: draw };                    // name -> draw(fig, {number, percent, steps})

    function draw(fig, { number }) {
      const p = fig.range("p", { min: 0.01, max: 0.99, step: 0.01, value: 0.1 });   // words: "p"
      const out = fig.output("limit");                                              // words: "limit"
      const chart = fig.chart({ height: 240 });                                     // words: "picture"
      fig.draw((state) => {                                  // now, and at once after every change; state = {p: 0.1}
        chart.axes({ x: { min: 0, max: 1, label: fig.say("x") }, y: { min: 0, max: 1.4, label: fig.say("y") } });
        chart.line("curve", points, "one");
        chart.handle("p", { control: p, x: state.p, y: ceiling(state.p, 0.2) });    // something to drag
        out.set(ceiling(state.p, 0.2));
        fig.note(fig.say("note"));                           // one sentence on what is to be seen now
        fig.describe(fig.say("spoken", { p: number(state.p) }));                    // the picture in words
      });
    }

Controls: range, toggle, choice, select (of many), value (only a handle). Shapes: line, area, bar, cell, dot, rule, text, handle; each
with a key that stays.
See figures/kit.js and chart.js. Colours are names: one, two, three; up and down for signs; grpo and dapo for those algorithms alone; quiet,
ink. What a colour says, words, place or dash say too. Draw loops as a few hundred points: an answer takes under 100 ms, as a test checks.

4. The tests

`CASES = [Case("ceiling", [0.1, 0.2], expected)]`, where expected is computed by the function of core that the page shows; every exported
function needs some. `DRAGS = [Drag("ceiling", "p", (80, 0), "limit", lambda state: …)]`, at least one per figure. Everything else (phone, dark,
keyboard, buttons, miniature, links, drift of numbers) is tested for every page without further ado:

    pytest tests/pages/learn/test_pages.py tests/browser/test_learn.py -k clip_higher

A running server shows a changed text or figure when the page is opened again.
"""
