/** A kernel study as one HTML page that opens from disk: nothing in it is fetched, nothing in it runs. */
import { element, escaped, type Markup } from "./pictures/svg.ts";
import { absent, formatCount } from "./pictures/wording.ts";
import { closeness, type Measure, scorePercent, shape } from "./report-measures.ts";
import { reportStyle } from "./report-style.ts";
import { type KernelStudy, kernelsOf, type Saved } from "./study.ts";
import { type PictureName, studyPictures } from "./study-pictures.ts";

/** The page, which is well-formed XML too. A part for which the study has no numbers is left out. */
export function studyReport(study: KernelStudy): string {
  const pictures = studyPictures(study);
  const figure = (name: PictureName) => (pictures[name] === undefined ? "" : element("figure", {}, pictures[name]));
  const body = [
    element("h1", {}, escaped(study.title)),
    settings(study),
    section("Scores", figure("scores"), scores(study), eachSplit(study)),
    section("Closeness to the reference", closenessTable(study)),
    section("Kernels", figure("kernels")),
    section("Spectra and labels", figure("spectra"), shapeTable(study)),
    section("Drift in training", figure("drift")),
    section("Notes", ...study.notes.map((note) => element("p", {}, escaped(note)))),
    section("Measures", meanings(study)),
  ];
  const head = element(
    "head",
    {},
    element("meta", { charset: "utf-8" }),
    element("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    element("title", {}, escaped(study.title)),
    element("style", {}, reportStyle),
  );
  const page = element("html", { lang: "en" }, "\n", head, "\n", element("body", {}, "\n", ...body), "\n");
  return `<!DOCTYPE html>\n${page}\n`;
}

/** Nothing where there is nothing but the heading. */
function section(heading: string, ...content: readonly Markup[]): Markup {
  if (content.every((part) => part === "")) return "";
  return `${element("section", {}, element("h2", {}, escaped(heading)), ...content)}\n`;
}

interface Row {
  readonly name: string;
  readonly cells: readonly string[];
}

/** A table of texts, its first column the names of the rows; nothing where it has no rows. */
function table(header: readonly string[], rows: readonly Row[], caption?: string): Markup {
  if (rows.length === 0) return "";
  const head = header.map((text) => element("th", { scope: "col" }, escaped(text)));
  const body = rows.map(({ name, cells }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, escaped(name)),
      ...cells.map((cell) => element("td", {}, escaped(cell))),
    ),
  );
  const parts = [element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body)];
  const below = caption === undefined ? [] : [element("caption", {}, escaped(caption))];
  return element("div", { class: "scroll" }, element("table", {}, ...below, ...parts));
}

function settings(study: KernelStudy): Markup {
  const counts = (values: readonly number[]) => [...new Set(values)].map(formatCount).join(", ") || absent;
  const rows: [string, string][] = [
    ...Object.entries(study.settings).map(([name, value]): [string, string] => [name, String(value)]),
    ["splits", study.splits.map(({ name }) => name).join(", ") || absent],
    ["training inputs", counts(study.splits.map(({ labels }) => labels.length))],
    ["test inputs", counts(study.splits.map(({ testInputs }) => testInputs))],
    ["classes", study.classes.join(", ") || absent],
  ];
  const lines = rows.map(([name, value]) =>
    element("tr", {}, element("th", { scope: "row" }, escaped(name)), element("td", {}, escaped(value))),
  );
  return `${element("table", { class: "settings" }, element("tbody", {}, ...lines))}\n`;
}

/** What the numbers of a table are. */
function spreadCaption({ splits }: KernelStudy): string {
  return splits.length > 1 ? `Mean ± standard deviation over ${splits.length} splits.` : "One split.";
}

function scoresOf(study: KernelStudy, parameterSet: string, classifier: string): number[] {
  return kernelsOf(study, parameterSet).flatMap(({ scores }) => scores[classifier] ?? []);
}

function scores(study: KernelStudy): Markup {
  const rows = study.parameterSets.map(({ name, parameters }) => ({
    name,
    cells: [formatCount(parameters), ...study.classifiers.map((each) => scorePercent(scoresOf(study, name, each)))],
  }));
  if (!isScored(study)) return "";
  return table(["", "parameters", ...study.classifiers], rows, `${study.metric}, %. ${spreadCaption(study)}`);
}

function isScored(study: KernelStudy): boolean {
  return study.parameterSets.some(({ name }) =>
    study.classifiers.some((each) => scoresOf(study, name, each).length > 0),
  );
}

/** The scores behind the means, folded up. */
function eachSplit(study: KernelStudy): Markup {
  const { splits, parameterSets, classifiers } = study;
  if (splits.length < 2 || !isScored(study)) return "";
  const rows = parameterSets.flatMap(({ name }) =>
    classifiers
      .filter((classifier) => scoresOf(study, name, classifier).length > 0)
      .map((classifier) => ({
        name: `${name}, ${classifier}`,
        cells: [...splits.map(({ kernels }) => scorePercent([kernels[name]?.scores[classifier] ?? NaN]))],
      })),
  );
  const header = ["", ...splits.map(({ name }) => name)];
  return element("details", {}, element("summary", {}, "Each split"), table(header, rows));
}

function closenessTable(study: KernelStudy): Markup {
  const compared = study.parameterSets.map(({ name }) => ({
    name,
    measured: kernelsOf(study, name).flatMap(({ comparison }) => comparison ?? []),
  }));
  const caption = `Compared with ${study.reference ?? absent}. ${spreadCaption(study)}`;
  return measureTable(closeness, compared, caption);
}

function shapeTable(study: KernelStudy): Markup {
  const described = study.parameterSets.map(({ name }) => ({
    name,
    measured: kernelsOf(study, name).map(({ description }) => description),
  }));
  return measureTable(shape, described, spreadCaption(study));
}

/** A row for each set of parameters that was measured at all. */
function measureTable<T>(
  measures: readonly Measure<T>[],
  sets: readonly { readonly name: string; readonly measured: readonly Saved<T>[] }[],
  caption: string,
): Markup {
  const rows = sets
    .filter(({ measured }) => measured.length > 0)
    .map(({ name, measured }) => ({
      name,
      cells: measures.map(({ key, format }) =>
        format(
          measured.map((each) => {
            const value = each[key];
            return typeof value === "number" ? value : null;
          }),
        ),
      ),
    }));
  return table(["", ...measures.map(({ heading }) => heading)], rows, caption);
}

/** The formulas, of those measures that the page has. */
function meanings(study: KernelStudy): Markup {
  const kernels = study.parameterSets.flatMap(({ name }) => kernelsOf(study, name));
  const shown = [
    ...(kernels.some(({ comparison }) => comparison !== undefined) ? closeness : []),
    ...(kernels.length > 0 ? shape : []),
  ];
  if (shown.length === 0) return "";
  const entries = shown.map(
    ({ heading, meaning }) => element("dt", {}, escaped(heading)) + element("dd", {}, escaped(meaning)),
  );
  return element("dl", {}, ...entries);
}
