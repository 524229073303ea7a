/**
 * docs/kernel-study.md and its figures, made from the runs in docs/kernel-study.jsonl.
 *
 *     npx tsx scripts/docs/kernel-study.ts                      writes them
 *     npx tsx scripts/docs/kernel-study.ts --studies STUDIES    and the pictures of kernels, which are in the folders of the runs alone
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { read } from "../../bench/kernel-study-results.ts";
import { filled } from "./filled.ts";
import { claimSections, verdicts } from "./kernel-study/claim-sections.ts";
import { figures, heatMaps } from "./kernel-study/figures.ts";
import { limits, runSection } from "./kernel-study/run-section.ts";
import { views } from "./kernel-study/runs.ts";
import { settingSections } from "./kernel-study/setting-sections.ts";

const docs = join(import.meta.dirname, "../../docs");
const script = "npx tsx scripts/docs/kernel-study.ts";
const results = join(docs, "kernel-study.jsonl");
export const path: string = join(docs, "kernel-study.md");
export const figuresFolder: string = join(docs, "figures");

/** The page with its tables as they must be. */
export function kernelStudyPage(): string {
  const found = read(results);
  const seen = views(found);
  const parts = {
    runs: runSection(found, seen),
    verdicts: verdicts(seen),
    settings: settingSections(seen),
    claims: claimSections(seen),
    limits: limits(seen),
  };
  return filled(path, script, parts);
}

/** The figures that are drawn from the results, by the names of their files. */
export function kernelStudyFigures(): Record<string, string> {
  return Object.assign({}, ...views(read(results)).map(figures)) as Record<string, string>;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  const { values } = parseArgs({ options: { studies: { type: "string" } } });
  writeFileSync(path, kernelStudyPage());
  const kernels = values.studies === undefined ? {} : heatMaps(views(read(results)), values.studies);
  const drawn = { ...kernelStudyFigures(), ...kernels };
  for (const [file, svg] of Object.entries(drawn)) writeFileSync(join(figuresFolder, file), svg);
}
