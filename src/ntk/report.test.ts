import { describe, expect, test } from "vitest";
import { compareKernels, describeKernel } from "./comparison/measures.ts";
import type { Kernel } from "./kernel.ts";
import { elements, hostile, type Node, parseXml, textOf } from "./pictures/well-formed.cases.ts";
import { studyReport } from "./report.ts";
import type { KernelStudy, StudiedKernel, StudySplit } from "./study.ts";
import { meanDrift, studyPictures } from "./study-pictures.ts";

const labels = [0, 1, 0, 1];
const kernelOf = (data: readonly number[]): Kernel => ({ shape: [4, 1, 4, 1], data: Float64Array.from(data) });
const full = kernelOf([4, 1, 2, 1, 1, 4, 1, 2, 2, 1, 4, 1, 1, 2, 1, 4]);
const rows = kernelOf([2, 0, 1, 0, 0, 2, 0, 1, 1, 0, 2, 0, 0, 1, 0, 2]);

function studied(kernel: Kernel, ridge: number, tuned?: number): StudiedKernel {
  return {
    description: describeKernel(kernel, labels, 2),
    ...(kernel === full ? {} : { comparison: compareKernels(kernel, full) }),
    scores: { ridge, ...(tuned === undefined ? {} : { "fine-tuning": tuned }) },
    drift: [0, 10].map((step) => ({ step, relativeDistance: (step * ridge) / 10 })),
    traceKernel: [...kernel.data],
  };
}

function split(name: string, kernels: Readonly<Record<string, StudiedKernel>>): StudySplit {
  return { name, labels, testInputs: 1234, kernels };
}

const study: KernelStudy = {
  title: "A study",
  settings: { model: "tiny", "inputs per class": 2 },
  metric: "accuracy",
  classes: ["bad", "good"],
  parameterSets: [
    { name: "full", parameters: 1234567 },
    { name: "rows", parameters: 89 },
  ],
  reference: "full",
  classifiers: ["ridge", "fine-tuning"],
  splits: [
    split("seed 13", { full: studied(full, 0.9, 0.8), rows: studied(rows, 0.7) }),
    split("seed 21", { full: studied(full, 0.8, 0.9), rows: studied(rows, 0.6) }),
  ],
  notes: ["Read with care."],
};

const headings = (page: Node) => elements(page, "h2").map(textOf);
/** The tables of a page, row by row, cell by cell. */
const tables = (page: Node) =>
  elements(page, "table").map((table) =>
    elements(table, "tr").map(({ children }) =>
      children.flatMap((cell) => (typeof cell === "string" ? [] : textOf(cell))),
    ),
  );

describe("the page of a whole study", () => {
  const html = studyReport(study);
  const page = parseXml(html);

  test("has every part once", () => {
    expect(html.startsWith("<!DOCTYPE html>\n<html")).toBe(true);
    expect(elements(page, "h1").map(textOf)).toEqual(["A study"]);
    expect(headings(page)).toEqual([
      "Scores",
      "Closeness to the reference",
      "Kernels",
      "Spectra and labels",
      "Drift in training",
      "Notes",
      "Measures",
    ]);
    expect(elements(page, "svg").map(({ attributes }) => attributes["aria-label"])).toEqual([
      "Scores: accuracy",
      "Kernels between the training inputs",
      "Spectra of the kernels",
      "Drift of the kernels in training",
    ]);
    expect(elements(page, "p").map(textOf)).toEqual(["Read with care."]);
  });

  test("lists settings, splits and counts", () => {
    expect(tables(page)[0]).toEqual([
      ["model", "tiny"],
      ["inputs per class", "2"],
      ["splits", "seed 13, seed 21"],
      ["training inputs", "4"],
      ["test inputs", "1,234"],
      ["classes", "bad, good"],
    ]);
  });

  test("gives scores as mean and deviation, and each split", () => {
    expect(tables(page)[1]).toEqual([
      ["", "parameters", "ridge", "fine-tuning"],
      ["full", "1,234,567", "85.0 ± 7.1", "85.0 ± 7.1"],
      ["rows", "89", "65.0 ± 7.1", "–"],
    ]);
    expect(tables(page)[2]).toEqual([
      ["", "seed 13", "seed 21"],
      ["full, ridge", "90.0", "80.0"],
      ["full, fine-tuning", "80.0", "90.0"],
      ["rows, ridge", "70.0", "60.0"],
    ]);
  });

  test("compares with the reference, which is not compared itself", () => {
    // ⟨K, L⟩ = 4·(8 + 2), ‖K‖² = 4·22, ‖L‖² = 4·5; centred, K is 2.5, −0.5 twice and 0.5 in ways that L shares.
    const cosine = 10 / Math.sqrt(22 * 5);
    const [, row] = tables(page)[3]!;
    expect(row!.slice(0, 4)).toEqual([
      "rows",
      ...[Math.sqrt(2 - 2 * cosine), Math.sqrt(1 - cosine ** 2), cosine].map((value) => `${value.toFixed(3)} ± 0.000`),
    ]);
    expect(tables(page)[3]).toHaveLength(2);
  });

  test("fetches nothing and runs nothing", () => {
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(
      /http|href|src=|url\(|@import|<script|\son\w+=/,
    );
  });

  test("has no element without an end that HTML would leave open", () => {
    const voids = ["meta"];
    const svg = /<svg.*?<\/svg>/gs;
    const closed = [...html.replace(svg, "").matchAll(/<([\w-]+)[^>]*\/>/g)].map(([, name]) => name);
    expect(closed.filter((name) => !voids.includes(name!))).toEqual([]);
  });
});

test("a study is the same page after JSON has kept it", () => {
  expect(studyReport(JSON.parse(JSON.stringify(study)))).toBe(studyReport(study));
  const constant = describeKernel(full, [1, 1, 1, 1], 2);
  expect(constant.labelAlignment).toBeNaN();
  const unknown = { ...study, splits: [split("one", { full: { description: constant, scores: {} } })] };
  const read: KernelStudy = JSON.parse(JSON.stringify(unknown));
  expect(read.splits[0]!.kernels["full"]!.description.labelAlignment).toBeNull();
  expect(studyReport(read)).toBe(studyReport(unknown));
});

test("one set, one split, nothing learnt: what there is", () => {
  const { reference: _, ...rest } = study;
  const least = {
    ...rest,
    parameterSets: [{ name: "full", parameters: 5 }],
    classifiers: [],
    splits: [split("seed 13", { full: { description: describeKernel(full, labels, 2), scores: {} } })],
    notes: [],
  };
  const page = parseXml(studyReport(least));
  expect(headings(page)).toEqual(["Spectra and labels", "Measures"]);
  expect(Object.keys(studyPictures(least))).toEqual(["spectra"]);
  const [first] = tables(page)[1]!.slice(1);
  // Eigenvalues 8, 4, 2 and 2.
  expect(first!.slice(0, 3)).toEqual(["full", "3.36", "2.91"]);
});

test("no splits at all: a page all the same", () => {
  expect(headings(parseXml(studyReport({ ...study, splits: [], notes: [] })))).toEqual([]);
  expect(studyPictures({ ...study, splits: [] })).toEqual({});
});

test.for(hostile)("%j harms nothing wherever it stands", (name, { expect }) => {
  const kernels = { [name]: { ...studied(rows, 0.5), scores: { [name]: 0.5 } } };
  const wild: KernelStudy = {
    title: name,
    settings: { [name]: name },
    metric: name,
    classes: [name, name],
    parameterSets: [{ name, parameters: 1 }],
    reference: name,
    classifiers: [name],
    splits: [split(name, kernels), split(name, kernels)],
    notes: [name],
  };
  const page = parseXml(studyReport(wild));
  expect(elements(page, "script")).toEqual([]);
  const shown = Array.from(name, (character) => ("\u0000\u001b\ud800".includes(character) ? "\uFFFD" : character));
  expect(elements(page, "h1").map(textOf)).toEqual([shown.join("")]);
});

test("drift is the mean over the splits that have a step", () => {
  expect(meanDrift(study, "full")).toEqual([
    [0, 0],
    [10, expect.closeTo(0.85, 14)],
  ]);
  expect(meanDrift(study, "nothing")).toEqual([]);
});
