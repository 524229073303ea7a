/** rocoft tasks */
import { Command } from "commander";
import { extractions } from "../../metrics/answers.ts";
import { textMetrics } from "../../metrics/text-registry.ts";
import { taskNamed, tasks } from "../../tasks/registry.ts";
import type { GenerationScoring, Scoring } from "../../tasks/scoring.ts";
import type { TaskDefinition } from "../../tasks/task.ts";
import { formatTable } from "../format.ts";

const examples = `
Examples:
  rocoft tasks
  rocoft tasks piqa
  rocoft tasks --json

A task is named by --task of rocoft train, rocoft plan and rocoft evaluate.`;

export function command(): Command {
  return new Command("rocoft tasks")
    .argument("[name]", "the task of which all is to be shown")
    .description("List the tasks: what kind each is, the columns it reads, its metrics, and how they come about.")
    .option("--json", "print one machine-readable result")
    .addHelpText("after", examples)
    .action((name: string | undefined, { json }: { json?: boolean }) => {
      const rows = (name === undefined ? Object.values<TaskDefinition>(tasks) : [taskNamed(name)]).map(rowOf);
      const text = name === undefined ? tableOf(rows) : rows.map(pageOf).join("\n");
      process.stdout.write(`${json ? JSON.stringify(rows) : text}\n`);
    });
}

interface Row {
  readonly name: string;
  /** `labelled` where the data tells whether labels are classes or numbers. */
  readonly kind: string;
  /** Alternatives of columns, of labels too; empty where they are found by their names. */
  readonly columns: readonly string[];
  readonly metrics: readonly string[];
  /** How the scores come about beside the loss and those of labels. */
  readonly scoring: Scoring | null;
}

function rowOf({ name, kind, forms: { textColumns, labelColumns }, known }: TaskDefinition): Row {
  const { metrics = [], scoring, answering } = known ?? {};
  const label = labelColumns.join(" or ");
  return {
    name,
    kind,
    columns: textColumns.map((columns) => [...columns, ...(label === "" ? [] : [label])].join(", ")),
    metrics: [
      ...metrics,
      ...(answering ? [answering.metric] : []),
      ...(scoring?.generation?.metrics ?? []),
      ...(scoring?.likelihood?.metrics ?? []),
    ],
    scoring: scoring ?? null,
  };
}

/** The first of the alternatives of columns. */
function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ name, kind, columns, metrics, scoring }) => [
    name,
    kind,
    `${columns[0] ?? "found by their names"}${columns.length > 1 ? `; ${columns.length - 1} more` : ""}`,
    metrics.join(", ") || (kind === "labelled" ? "by its labels" : "loss"),
    protocolOf(scoring),
  ]);
  return formatTable(["task", "kind", "columns", "metrics", "protocol"], cells);
}

function protocolOf(scoring: Scoring | null): string {
  if (!scoring) return "validation";
  const { split, generation, likelihood } = scoring;
  return [
    split,
    ...(generation ? [`${generation.decoding.num_beams} beams`] : []),
    ...(likelihood ? ["likelihood"] : []),
  ].join(", ");
}

/** What each rule of extraction finds. */
const found: ReadonlyMap<string, string> = new Map(
  Object.entries(extractions).map(([name, { finds }]) => [name, finds]),
);

/** All that there is to say of one task. */
function pageOf({ name, kind, columns, metrics, scoring }: Row): string {
  const facts: (readonly [string, string])[] = [
    ["kind", kind],
    ...(columns.length > 0 ? columns : ["found by their names"]).map((names) => ["columns", names] as const),
    ...(scoring === null ? [["metrics", metrics.join(", ") || "loss"] as const] : scoringFacts(scoring)),
  ];
  return [name, ...facts.map(([what, said]) => `${what.padEnd(15)}${said}`)].join("\n");
}

function scoringFacts({ split, generation, likelihood }: Scoring): (readonly [string, string])[] {
  return [
    ["scored on", `${split} data`],
    ...(generation ? generationFacts(generation) : []),
    ...(likelihood
      ? [["likelihood", `${likelihood.metrics.join(", ")} (reported: ${likelihood.reported})`] as const]
      : []),
  ];
}

function generationFacts({ metrics, decoding }: GenerationScoring): (readonly [string, string])[] {
  const settings = Object.entries(decoding).map(([setting, value]) => `${setting} ${value}`);
  return [
    ["decoding", settings.join(", ")],
    ...metrics.map((name) => {
      const finds = found.get(name);
      const measured = finds === undefined ? name : `${name}: ${finds}`;
      return ["metric", `${measured} (${textMetrics[name].reference})`] as const;
    }),
  ];
}
