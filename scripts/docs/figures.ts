/**
 * The figures of the pages, drawn from the tables of docs/results.md, which are what the benchmarks printed:
 *
 *     npx tsx scripts/docs/figures.ts
 */
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../src/hub/files.ts";
import { svgOf } from "../chart.ts";

const root = join(import.meta.dirname, "..", "..");
export const stepFigurePath: string = join(root, "docs", "figures", "step.svg");

/** The rows of the first table under a heading of a page, cell by cell. */
function tableUnder(markdown: string, heading: string): string[][] {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/results.md: no heading ${heading}`);
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

const measures = ["seconds a step", "peak memory, GiB"];

/** One training step beside PyTorch's: seconds and peak memory. */
export function stepFigure(): Promise<string> {
  const page = readFileSync(join(root, "docs", "results.md"), "utf8");
  const values = tableUnder(page, "One training step of RoBERTa-base's shape").flatMap(
    ([step, seconds, , mebibytes]) => [
      { step, measure: measures[0], value: Number(seconds) },
      { step, measure: measures[1], value: Number(mebibytes) / 1024 },
    ],
  );
  const bars = { y: { field: "step", type: "nominal", title: null, sort: null, axis: { grid: false } } } as const;
  return svgOf({
    data: { values },
    title: { text: "One step of RoCoFT, RoBERTa-base's shape, batch 8 × 128, two CPU cores", fontWeight: "normal" },
    facet: { column: { field: "measure", sort: measures, header: { title: null } } },
    spec: {
      width: 250,
      height: { step: 30 },
      layer: [
        {
          mark: { type: "bar", height: 18 },
          encoding: {
            ...bars,
            x: { field: "value", type: "quantitative", title: null },
            color: {
              condition: { test: "datum.step === 'rocoft'", value: "#2a6f97" },
              value: "#b8c4cc",
            },
          },
        },
        {
          mark: { type: "text", align: "left", dx: 4 },
          encoding: {
            ...bars,
            x: { field: "value", type: "quantitative" },
            text: { field: "value", type: "quantitative", format: ".2f" },
          },
        },
      ],
    },
    resolve: { scale: { x: "independent" } },
  });
}

if (process.argv[1] === import.meta.filename) {
  await mkdir(join(root, "docs", "figures"), { recursive: true });
  await writeAtomically(stepFigurePath, await stepFigure());
}
