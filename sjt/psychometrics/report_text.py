"""Words of the report: style sheet, glossary, what each flag means and what to do about it."""

from __future__ import annotations

CSS = """
:root{--ink:#23282d;--soft:#5b646c;--line:#d8dcdf;--tint:#f3f6f7;--brand:#0a5a68;--warn:#8a3d0f;--warn-tint:#fdf3ec}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:#fff;line-height:1.5;
font:16px/1.5 "Atkinson Hyperlegible Next","Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header,footer{max-width:60rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:2rem;border-bottom:3px solid var(--brand)}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.3rem;margin:2.5rem 0 .5rem;color:var(--brand)}
h3{font-size:1.05rem;margin:1.5rem 0 .25rem}
p{max-width:68ch;margin:.5rem 0}
a{color:var(--brand)}
.stamp,.note{color:var(--soft);font-size:.875rem;font-weight:400}
.stamp{overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:.75rem 0;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}th[scope=row] a{white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap}
.wide{overflow-x:auto}
.key{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.75rem;margin:1rem 0;padding:0;
list-style:none}
.key li{background:var(--tint);border-radius:.375rem;padding:.75rem}
.key b{display:block;font-size:1.4rem;line-height:1.2}
.key span{font-size:.8125rem;color:var(--soft)}
.flag{display:inline-block;border:1px solid var(--warn);color:var(--warn);background:var(--warn-tint);
border-radius:.25rem;padding:0 .4rem;font-size:.8125rem;font-weight:600;white-space:nowrap}
.advice{border-style:dashed}
figure{margin:1rem 0}
figure svg{width:100%;max-width:40rem;height:auto;display:block}
figcaption{font-size:.875rem;font-weight:600;max-width:68ch;margin-bottom:.25rem}
figure .note{margin:.25rem 0 0}
.item{border-top:1px solid var(--line);margin-top:2.5rem;padding-top:.5rem}
blockquote{margin:.75rem 0;padding:.5rem 1rem;background:var(--tint);border-left:3px solid var(--brand);
white-space:pre-line}
dt{font-weight:600;margin-top:.6rem}dd{margin:0;max-width:68ch}
.pair{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1.1fr);gap:1.5rem;align-items:start}
@media (max-width:48rem){.pair{grid-template-columns:1fr}}
footer{margin-top:3rem;padding-bottom:2rem;border-top:1px solid var(--line)}
@media print{
 @page{size:A4;margin:16mm 15mm}
 body{font-size:10pt}main,header,footer{max-width:none;padding-left:0;padding-right:0}
 .item{break-before:page;border-top:0;margin-top:0}
 h2,h3,caption{break-after:avoid}table,figure,blockquote,.key li{break-inside:avoid}
 @page{@bottom-right{content:counter(page) " of " counter(pages);font-size:8pt;color:#5b646c}}
 .wide{overflow:visible}.wide table{break-inside:auto}.short table{break-inside:avoid}
 tr{break-inside:avoid}thead{display:table-header-group}
 .pair{grid-template-columns:minmax(0,1fr) minmax(0,1fr);break-inside:avoid}figure svg{max-width:15cm}
 .key{grid-template-columns:repeat(3,1fr)}.key li{border:1px solid var(--line)}
 dl{columns:2;column-gap:8mm}dt{break-after:avoid}dd{break-inside:avoid;max-width:none}p{max-width:none}
 footer{margin-top:1rem;padding-bottom:0;break-before:avoid}
 a{color:inherit;text-decoration:none}nav{display:none}
}
"""

FLAG_WORDS = {
    "hard": "Hard",
    "easy": "Easy",
    "weak": "Weak",
    "negative": "Negative",
    "key_check": "Check the key",
    "constant": "Constant",
    "small_n": "Few persons",
    "cannot_tell": "Cannot tell",
    "local_dependence": "Local dependence",
    "dif": "DIF",
    "drift": "Drift",
    "rapid": "Rapid answers",
}
TO_DO = {
    "hard": "Read the item with a practitioner: is something asked that no candidate can know? Check key and wording.",
    "easy": "Ask whether the item earns its place. Fine as a warm-up, of little use for the decision.",
    "weak": "Look at the trace below. Candidates near full marks everywhere should lose the fewest marks here.",
    "negative": "Do not count the item until its key and its marking rule have been checked by two people.",
    "key_check": "Put the key before the panel again, with this page. A change of key re-marks everybody.",
    "constant": "The item cannot contribute to any decision. Look for a fault in marking or transfer first.",
    "small_n": "Decide nothing on these figures. Pool them with further cohorts.",
    "cannot_tell": "Keep the item and look again when more candidates have sat it.",
    "local_dependence": (
        "Read the items of the scenario together: does one answer give away the other? Count one of them."
    ),
    "dif": "Put the item before the fairness review with the group figures.",
    "drift": "Compare response times and dates; consider that the item has become known.",
    "rapid": "Look at the item's place in the form and its length; exclude the rapid answers and look again.",
}
REAL_FLAGS = frozenset(FLAG_WORDS) - {"small_n", "cannot_tell"}

GLOSSARY = (
    ("Facility", "Mean mark as a share of the marks reachable on the item: 1 is full marks for everybody."),
    (
        "Facility, chance-corrected",
        (
            "The same on a scale where 0 is answering at random. A full ranking at random earns 60 % "
            "of the marks, so its "
            "raw facility says little."
        ),
    ),
    (
        "Item-rest correlation",
        (
            "Correlation of the item's mark with the total of all other items. Above 0: candidates "
            "who do well elsewhere "
            "do well here. Judgement items are commonly between .05 and .25."
        ),
    ),
    (
        "Outside its scenario",
        "The same with the total of the items of all other scenarios, which a shared story cannot inflate.",
    ),
    (
        "Shrunken",
        (
            "The estimate pulled towards the mean of all items, as far as its standard error says it should be "
            "(DerSimonian and Laird). The best guess at what a further cohort will show."
        ),
    ),
    (
        "D (27 %)",
        (
            "Mean mark of the highest scoring 27 % less that of the lowest 27 %, as a share of the "
            "item's range; ties count on both sides."
        ),
    ),
    ("Alpha if deleted", "Alpha of the test without the item."),
    (
        "Alpha",
        (
            "A lower bound to reliability when all items measure one thing; items that share a "
            "scenario inflate it, and a "
            "test that measures several things is undersold by it."
        ),
    ),
    ("Testlet alpha", "Alpha of the scenario scores: the honest headline for a test of scenarios."),
    ("Stratified alpha", "Alpha within each format (or scenario), combined."),
    (
        "Lambda",
        "Guttman's lower bounds; lambda-4 is the best split into halves and runs high in small samples.",
    ),
    (
        "Omega",
        "Share of the total's variance due to a common factor; hierarchical omega counts one general factor only.",
    ),
    ("SEM", "Standard error of measurement: the spread of one candidate's totals over imagined equal forms, in marks."),
    (
        "G study",
        (
            "Variance of one item's mark split into person, scenario, item and what is left. Eρ² is "
            "the reliability of rank "
            "order, Φ of the mark itself, Φ(λ) of the distance from the pass mark."
        ),
    ),
    (
        "False pass, false fail",
        (
            "Of 100 candidates, how many pass whose true score lies below the pass mark, and how many fail whose true "
            "score reaches it (Livingston and Lewis)."
        ),
    ),
    ("k²", "Reliability of the distance from the pass mark (Livingston)."),
    (
        "DIF",
        (
            "Differential item functioning: candidates of two groups with the same total do differently on one item. "
            "Classes A, B, C (AA, BB, CC where there are more than two marks) go by size and significance; an item is "
            "flagged if, besides, it stands among all items tested (Benjamini and Hochberg) or class A is improbable."
        ),
    ),
    (
        "Four fifths",
        (
            "A pass rate below four fifths of another group's, in exact arithmetic. With few candidates chance alone "
            "does that often; Fisher's exact p and the interval of the difference say how often."
        ),
    ),
    (
        "Drift",
        "A change of an item's facility beyond the change that all items share: often the item has become known.",
    ),
    (
        "Interval",
        (
            "95 % throughout. Proportions: Wilson. Means of marks: Student's t, with a person bootstrap beside it. "
            "Correlations: Fisher's z. Alpha: Feldt, with the bootstrap beside it: Feldt's does not "
            "hold under testlets."
        ),
    ),
)
METHOD = (
    (
        "Correlations and reliabilities come from one covariance matrix in which each pair of items "
        "uses the persons who "
        "were presented both (divisor n − 1). Items not presented are missing, never zero; omitted "
        "and not-reached items "
        "count as 0 and are counted apart."
    ),
    (
        "A flag needs the probability that the true value lies beyond the limit to reach .95; a discrimination "
        "needs that both by its own sample and after shrinking, or .99 by its own sample. Under 30 persons only few "
        "persons and constant items are flagged; under "
        "100 flags are advice."
    ),
    (
        "Score groups keep candidates with one total together. With items missing by design, "
        "candidates are ordered by the "
        "per cent of the reachable marks."
    ),
)
