/** The claims with the numbers that decide them, as Markdown. */
import { absent, formatFixed, formatNumber } from "../../../src/ntk/pictures/wording.ts";
import { type Claim, claimed, claims, type Finding, finding, type Unit } from "./claims.ts";
import { type Estimate, estimated, isAbove } from "./estimate.ts";
import { closeness, differences, drift, driftSteps, learnt, nameOf, tasksOf, values, type View } from "./runs.ts";
import { geometricMean, signed, table } from "./tables.ts";

/** A verdict for each claim, setting and set that the paper speaks of. */
export function verdicts(views: readonly View[]): string {
  const rows = claims.flatMap((claim) =>
    views
      .flatMap(claim.views)
      .map((view, k) => [
        k === 0 ? `(${claim.letter}) ${claim.says}` : "",
        nameOf(view),
        ...claimed.map((set) => (claim.sets.includes(set) ? word(claim, finding(claim, view, set)) : "")),
      ]),
  );
  return table(["claim", "setting", ...claimed], rows);
}

function word(claim: Claim, found: Finding | undefined): string {
  if (found !== undefined) return `**${found.verdict}**`;
  return claim.against === undefined ? absent : "nothing learnt";
}

/** Each claim, its rule, and a table of all sets. */
export function claimSections(views: readonly View[]): string {
  const sections = claims.map((claim) => {
    const seen = views.flatMap(claim.views);
    const rows = claim.sets.map((set) => [set, ...seen.map((view) => cell(claim, finding(claim, view, set)))]);
    return [
      `### (${claim.letter}) ${claim.says.replace(/\.$/, "")}`,
      claim.rule,
      ...(claim.against === undefined ? [] : [counted(claim, seen)]),
      table(["", ...seen.map(nameOf)], rows),
      ...(more[claim.letter]?.(seen) ?? []),
    ].join("\n\n");
  });
  return sections.join("\n\n");
}

function cell(claim: Claim, found: Finding | undefined): string {
  return found === undefined ? word(claim, found) : `${word(claim, found)} ${written(found.estimate, claim.unit)}`;
}

/** How a number is written, from how it was averaged. */
const units: { readonly [U in Unit]: (value: number) => string } = {
  alignment: (value) => formatFixed(value, 3),
  "alignment difference": (value) => signed(value, 3),
  "accuracy difference": (value) => signed(100 * value, 1),
  change: (value) => formatNumber(Math.exp(-value)),
};

/** `0.912 (0.893 to 0.931)`. */
function written({ mean, low, high, runs }: Estimate, unit: Unit): string {
  const text = units[unit];
  if (runs < 2) return `${text(mean)} (one run)`;
  const ends = unit === "change" ? [high, low] : [low, high];
  return `${text(mean)} (${ends.map(text).join(" to ")})`;
}

/** Of which tasks a claim about scores can be told. */
function counted({ against }: Claim, views: readonly View[]): string {
  const places = views.map((view) => {
    const known = learnt(view, against!.read).map(({ task }) => task);
    return `${known.length === 0 ? "none" : known.join(", ")} of ${tasksOf(view).length} in ${nameOf(view)}`;
  });
  return `Told by the tasks that ${against!.name} learns: ${places.join("; ")}.`;
}

/** What else is to be said of a claim. */
const more: Readonly<Record<string, (views: readonly View[]) => string[]>> = { a: besides, e: whyLoraMoves };

const rivals = ["random entries", "LoRA", "BitFit", "head"];

/** Closer than other sets of about as many numbers? */
function besides(views: readonly View[]): string[] {
  const rows = views.flatMap((view) =>
    claimed.map((set, k) => [
      k === 0 ? nameOf(view) : "",
      set,
      ...rivals.map((rival) => {
        const estimate = estimated(differences(view, [set, closeness], [rival, closeness]));
        if (estimate.runs === 0) return "";
        const words = { holds: "closer", "does not hold": "farther", undecided: "undecided" };
        return `**${words[isAbove(estimate, 0)]}** ${written(estimate, "alignment difference")}`;
      }),
    ]),
  );
  return [
    "Beside other sets of about as many numbers, on the same splits, by the difference of their alignments:",
    table(["setting", "", ...rivals.map((rival) => `than ${rival}`)], rows),
  ];
}

function whyLoraMoves(views: readonly View[]): string[] {
  const far = views.map((view) => {
    const step = driftSteps(view).at(-1) ?? 0;
    const [lora, rows] = ["LoRA", "3 rows"].map((set) => geometricMean(values(view, set, drift(step))));
    return `${formatNumber(lora! / rows!, 2)} times in ${nameOf(view)}`;
  });
  return [`LoRA's kernel moves farther than that of three rows: ${far.join(", ")}. ${LORA}`, HEAD];
}

const LORA = `The gradient of its A is Bᵀ times
that of the weight, and B begins at zero: at first A has no part in the kernel, and B's part is as large as the small random A makes it. Adam moves
every entry by about the learning rate a step, so a few dozen steps at 3e-3 bring B from nothing to the size of A and beyond, and A to several times
what it was; A's part of the kernel grows with the square of B, and B's with that of A. Rows and columns change where they stand, among weights that stay.`;

const HEAD = `Classifiers have the like in their heads, whatever the set: pooler and last matrix begin near zero (of the pooler that MiniLM comes with, the
standard deviation is 0.009), and the kernel, which is nearly the head's, grows with the square of what the pooler gives.`;
