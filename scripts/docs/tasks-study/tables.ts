/** The tables of docs/tasks-study.md. */
import { median } from "../../../bench/measure.ts";
import { find, isDone, missingOf, type Result } from "../../../bench/tasks-results.ts";
import { labelOf, type MethodName, type Part, runs, type StudiedTask, studied } from "../../../bench/tasks-runs.ts";

const partNames: { readonly [P in Part]: string } = {
  glue: "GLUE",
  squad: "SQuAD v2",
  decoder: "questions",
  summary: "summaries",
};

/** In the order of the columns, which is not that of the runs. */
const columns: { readonly [P in Part]: readonly MethodName[] } = {
  glue: ["rows", "columns", "lora", "full", "head"],
  squad: ["rows", "lora", "head"],
  decoder: ["none", "rows", "lora"],
  summary: ["none", "rows"],
};

const inPart = (part: Part): StudiedTask[] => studied.filter((each) => each.part === part);

function table(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const ruler = heading.map((_, i) => (i === 0 ? "---" : "--:"));
  return [heading, ruler, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Which runs there are, and which are still to come. */
export function runTable(results: readonly Result[]): string {
  const rows = (Object.keys(partNames) as Part[]).flatMap((part) =>
    inPart(part).map((each) => {
      const wanted = runs.filter((run) => run.studied === each);
      const done = wanted.filter((run) => isDone(results, run)).length;
      return [`${partNames[part]}, \`${each.task}\``, `${done} of ${wanted.length}`, missingText(results, each) || "–"];
    }),
  );
  const done = runs.filter((run) => isDone(results, run)).length;
  const machines = [...new Set(results.flatMap((result) => [whereTrained(result), result.machine]))]
    .toSorted()
    .join("; ");
  const summary = `${done} of ${runs.length} runs are in${machines === "" ? "" : `: ${machines}`}.`;
  return `${summary}\n\n${table(["task", "runs", "missing"], rows)}`;
}

/** Seeds of which the same is missing are named together. */
function missingText(results: readonly Result[], each: StudiedTask): string {
  const bySet = new Map<string, number[]>();
  for (const { seed, methods } of missingOf(results, each)) {
    const names = methods.length === each.methods.length ? "all" : methods.map(labelOf).join("; ");
    bySet.set(names, [...(bySet.get(names) ?? []), seed]);
  }
  return [...bySet].map(([names, seeds]) => `seed ${seeds.join(", ")}: ${names}`).join(" · ");
}

/** A row for each score of each task of a part that has any runs. */
export function scoreTable(results: readonly Result[], part: Part): string {
  const rows = inPart(part).flatMap(({ task }) => {
    const own = results.filter((result) => result.task === task);
    const [first] = own;
    return first ? scoresIn(first).map((score) => scoreRow(first, own, score)) : [];
  });
  if (rows.length === 0) return "No run is in yet.";
  return table(["task and score", "items", "without a model", ...columns[part].map(labelOf)], rows);
}

/** The scores of a run that are shown; of SQuAD's many, those that say most. */
function scoresIn({ part, scores }: Result): readonly string[] {
  if (part === "squad") return ["f1", "exact", "HasAns_f1", "NoAns_f1", "best_f1"];
  return Object.keys(scores).filter((name) => !name.startsWith("loss"));
}

/** @param first of the task's results, whose items and chance are those of all */
function scoreRow({ task, part, chance, scores, protocols }: Result, own: readonly Result[], score: string): string[] {
  const protocol = protocols.find((each) => each.scores.includes(score));
  const items = scores[`${score.split("_")[0]}_total`] ?? protocol?.items;
  const way = protocol?.decoding === undefined ? "by likelihood" : "of what is said";
  const percent = part === "squad" ? 1 : 100;
  const cells = columns[part].map((method) =>
    spread(find(own, task, method).flatMap((each) => (score in each.scores ? [percent * each.scores[score]!] : []))),
  );
  return [
    `\`${task}\`, \`${score}\`${part === "decoder" ? ` ${way}` : ""}`,
    items?.toLocaleString("en") ?? "–",
    score in chance ? (percent * chance[score]!).toFixed(2) : "–",
    ...cells,
  ];
}

/** Mean ± standard deviation (n − 1) over seeds; a single number where there is one. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return "–";
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (values.length === 1) return mean.toFixed(2);
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
  return `${mean.toFixed(2)} ± ${deviation.toFixed(2)}${values.length === 2 ? " (2)" : ""}`;
}

const whereTrained = ({ trainedOn, machine }: Result): string => trainedOn ?? machine;
/** Without the day. */
const trainingMachine = (result: Result): string => whereTrained(result).replace(/, [\d-]+$/, "");

/** Where most of a part was trained: times of two machines say nothing together. */
function commonestMachine(results: readonly Result[]): string | undefined {
  const counts = new Map<string, number>();
  for (const result of results) counts.set(trainingMachine(result), (counts.get(trainingMachine(result)) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

/** What each method trains, and how long its trainings take from command to end on one machine. */
export function costTable(results: readonly Result[]): string {
  const rows = (Object.keys(partNames) as Part[]).flatMap((part) => {
    const trained = results.filter((result) => result.part === part && result.seconds.train !== null);
    const machine = commonestMachine(trained);
    return columns[part].flatMap((method) => {
      const own = trained.filter((result) => result.method === method);
      if (own.length === 0) return [];
      const numbers = own.map((result) => result.trained!).toSorted((a, b) => a - b);
      const range = [...new Set([numbers[0]!, numbers.at(-1)!])].map((n) => n.toLocaleString("en"));
      const seconds = own
        .filter((result) => trainingMachine(result) === machine)
        .map((result) => result.seconds.train!);
      const time = seconds.length === 0 ? "–" : median(seconds).toFixed(0);
      return [
        [`${partNames[part]}, ${labelOf(method)}`, own[0]!.learningRate!.toExponential(), range.join(" to "), time],
      ];
    });
  });
  if (rows.length === 0) return "No run is in yet.";
  return table(["part and method", "learning rate", "trained", "training, seconds"], rows);
}
