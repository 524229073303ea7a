/** The pages: their links lead somewhere, the files they name are there, and what is generated is fresh. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { configurationPage, path as configurationPath } from "../scripts/docs/configuration.ts";
import { stepFigure, stepFigurePath } from "../scripts/docs/figures.ts";
import {
  figuresFolder,
  kernelStudyFigures,
  kernelStudyPage,
  path as kernelStudyPath,
} from "../scripts/docs/kernel-study.ts";
import { path as tasksStudyPath, tasksStudyPage } from "../scripts/docs/tasks-study.ts";
import { extractions } from "../src/metrics/answers.ts";
import { metrics } from "../src/metrics/registry.ts";
import { architectures } from "../src/models/registry.ts";
import { activations } from "../src/nn/activation.ts";
import { commonsense } from "../src/tasks/commonsense.ts";
import { glue } from "../src/tasks/glue.ts";
import { lmBff } from "../src/tasks/lm-bff.ts";
import { mathematics } from "../src/tasks/mathematics.ts";
import { prompts } from "../src/tasks/prompts.ts";
import { summarization } from "../src/tasks/summarization.ts";

const root = join(import.meta.dirname, "..");
const folders = ["docs", "bench", "scripts", "test", "examples", "models"];
const pages = [
  ...readdirSync(root),
  ...folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  ),
].filter((file) => file.endsWith(".md"));

const read = (page: string) => readFileSync(join(root, page), "utf8");
const withoutCode = (markdown: string) => markdown.replaceAll(/^```[\s\S]*?^```/gm, "");

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(markdown: string): string[] {
  const headings = [...withoutCode(markdown).matchAll(/^#+ +(.+)$/gm)];
  return headings.map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("there are pages", () => {
  expect(pages).toEqual(expect.arrayContaining(["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/configuration.md"]));
});

test.for(pages)("%s has no dead link", (page, { expect }) => {
  const text = read(page);
  const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  const dead = targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [file, anchor] = target.split("#") as [string, string?];
    const path = file === "" ? join(root, page) : join(root, dirname(page), file);
    if (!existsSync(path)) return true;
    return anchor !== undefined && !anchors(readFileSync(path, "utf8")).includes(anchor);
  });
  expect(dead).toEqual([]);
});

test.for(pages)("%s names only files that are there", (page, { expect }) => {
  const text = withoutCode(read(page));
  const named = [...text.matchAll(/`((?:src|test|scripts|bench|docs|bin)\/[\w./-]*)`/g)].map(([, path]) => path!);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("the page of the settings is what their schemas say", () => {
  const page = relative(root, configurationPath);
  const hint = `${page} is stale; write it anew with npx tsx scripts/docs/configuration.ts`;
  expect(readFileSync(configurationPath, "utf8") === configurationPage(), hint).toBe(true);
});

test("the figure of a step is drawn from the table of the results", async () => {
  const fresh = readFileSync(stepFigurePath, "utf8") === (await stepFigure());
  expect(fresh, "docs/figures is stale; draw it anew with npx tsx scripts/docs/figures.ts").toBe(true);
});

test("the page of the kernel study and its figures are made from its results", () => {
  const fresh = kernelStudyFigures();
  const stale = Object.keys(fresh).filter((file) => readFileSync(join(figuresFolder, file), "utf8") !== fresh[file]);
  if (readFileSync(kernelStudyPath, "utf8") !== kernelStudyPage()) stale.unshift(relative(root, kernelStudyPath));
  expect(stale, "stale; write them anew with npx tsx scripts/docs/kernel-study.ts").toEqual([]);
});

test("the page of the study of the tasks is made from its results", () => {
  const hint = `${relative(root, tasksStudyPath)} is stale; write it anew with npx tsx scripts/docs/tasks-study.ts`;
  expect(readFileSync(tasksStudyPath, "utf8") === tasksStudyPage(), hint).toBe(true);
});

const families = { ...glue, ...lmBff };
test.for(Object.keys(families) as (keyof typeof families)[])(
  "docs/tasks.md says of %s what its definition says",
  (name, { expect }) => {
    const task = families[name].resolve({ columns: [], rows: [] }, "", {});
    const row = [
      `\`${name}\``,
      task.textColumns.map((columns) => columns.join(", ")).join("; "),
      task.labelColumns.join("; "),
      task.labels?.join(", ") ?? "a number",
      task.metrics.map((metric) => `\`${metric}\``).join(", "),
    ];
    expect(read("docs/tasks.md")).toContain(`| ${row.join(" | ")} |`);
  },
);

test.for(Object.values({ ...commonsense, ...mathematics }))(
  "docs/tasks.md says of $name how it is read and scored",
  ({ name, known }, { expect }) => {
    const { split, generation, likelihood } = known!.scoring!;
    const forms = known!.textColumns.filter(([first]) => first !== "instruction");
    const likely = likelihood?.metrics.map((metric) =>
      metric === likelihood.reported ? `**\`${metric}\`**` : `\`${metric}\``,
    );
    const row = [
      `\`${name}\``,
      forms.map((columns) => columns.join(", ")).join("; "),
      split,
      generation!.metrics.map((metric) => `\`${metric}\``).join(", "),
      likely?.join(", ") ?? "–",
    ];
    expect(read("docs/tasks.md")).toContain(`| ${row.join(" | ")} |`);
  },
);

test.for(Object.values(summarization))(
  "docs/tasks.md says of $name how it is decoded",
  ({ name, known }, { expect }) => {
    const { split, generation } = known!.scoring!;
    const decoding = Object.entries(generation!.decoding).map(([setting, value]) => `${setting} ${value}`);
    const row = [`\`${name}\``, known!.textColumns[0]!.join(", "), split, decoding.join(", ")];
    expect(read("docs/tasks.md")).toContain(`| ${row.join(" | ")} |`);
  },
);

test.for(Object.entries(extractions))("docs/tasks.md has a row for the rule %s", ([name, rule], { expect }) => {
  expect(read("docs/tasks.md")).toContain(`| \`${name}\` | ${rule.finds} | ${rule.reference} | `);
});

test("docs/tasks.md has the prompt of each task", () => {
  const page = read("docs/tasks.md");
  const table = page.slice(page.indexOf("with LM-BFF's words:"), page.indexOf("As in the kernel analysis"));
  const rows = table.split("\n").filter((line) => line.startsWith("| `"));
  let template = "";
  const documented = rows.flatMap((row) => {
    const [names, given, words] = row.slice(2, -2).split(" | ") as [string, string, string];
    if (given !== "the same") template = given.replaceAll("`", "");
    return names.split(", ").map((name) => [name.replaceAll("`", ""), [template, words]] as const);
  });
  const defined = Object.entries(prompts).map(([name, prompt]) => {
    const { labels } = families[name as keyof typeof prompts].resolve({ columns: [], rows: [] }, "", {});
    return [name, [prompt.template, labels!.map((label) => prompt.words[label]).join(", ")]] as const;
  });
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(defined));
});

test.for(Object.keys(metrics))("docs/tasks.md has a row for the metric %s", (name, { expect }) => {
  expect(read("docs/tasks.md")).toContain(`\n| \`${name}\` | `);
});

test("docs/models.md names every family and every activation", () => {
  const page = read("docs/models.md");
  const missing = Object.keys(architectures).filter((name) => !page.includes(`\n| \`${name}\` | `));
  expect(missing).toEqual([]);
  expect(page).toContain(`| ${Object.keys(activations).join(", ")} |`);
});
