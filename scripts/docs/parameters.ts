/**
 * The tables of docs/parameters.md: what each method trains of each model.
 *
 *     npx tsx scripts/docs/parameters.ts     writes them anew
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { classifiers, languageModels, type Models } from "../parameters/configs.ts";
import { countTrained, describeOptions, settings } from "../parameters/count.ts";
import { countedIn, published } from "../parameters/published.ts";

export const path: string = join(import.meta.dirname, "../../docs/parameters.md");

const grouped = (count: number) => count.toLocaleString("en-US");

/** A row for each method, and for each model one column, or two: without the head and with it. */
function countTable(models: Models, withHead: boolean): string[][] {
  const columns = Object.keys(models).flatMap((name) => (withHead ? [name, "with head"] : [name]));
  const rows = settings.map((setting) => {
    const counts = Object.values(models).map((specs) => countTrained(setting, specs));
    const cells = counts.flatMap(({ body, head }) => (withHead ? [body, body + head] : [body]));
    return [setting.name, describeOptions(setting), ...cells.map(grouped)];
  });
  return [["method", "options", ...columns], ...rows];
}

/** A row for each figure that is given elsewhere. */
function publishedTable(): string[][] {
  const models: Models = { ...classifiers, ...languageModels };
  const rows = published.map(({ source, model, figure, setting }) => {
    const counts = countTrained(setting, models[model]!);
    const { body, head } = counts;
    const ours = [body, body + head].map(grouped);
    return [
      source,
      model,
      setting.name,
      describeOptions(setting),
      figure,
      ...ours,
      countedIn(figure, counts) ?? "neither",
    ];
  });
  return [["source", "model", "method", "options", "figure", "here", "with head", "the figure is"], ...rows];
}

/** A table whose columns of numbers stand to the right. */
function markdown([header, ...rows]: string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const isNumber = header!.map((_, at) => rows.every((row) => /^[\d,.]+( M)?$/.test(row[at]!)));
  return [line(header!), `|${isNumber.map((number) => (number ? "--:" : "---")).join("|")}|`, ...rows.map(line)].join(
    "\n",
  );
}

const tables: Readonly<Record<string, () => string[][]>> = {
  classifiers: () => countTable(classifiers, true),
  "language models": () => countTable(languageModels, false),
  published: publishedTable,
};

/** The page with its tables made anew between the comments that bear their names. */
export function parametersPage(page: string): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [start, end] = [`<!-- ${name} -->\n`, `\n<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from)
      throw new Error(`docs/parameters.md: no table "${name}" between ${start.trim()} and ${end.trim()}`);
    return text.slice(0, from + start.length) + markdown(table()) + text.slice(to);
  }, page);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename)
  writeFileSync(path, parametersPage(readFileSync(path, "utf8")));
