/** The pictures of a study, each of what the study has. */
import { type Drift, driftPicture } from "./pictures/drift.ts";
import { heatMapsPicture } from "./pictures/heat-map.ts";
import type { Point } from "./pictures/line-chart.ts";
import { scoreChart } from "./pictures/score-chart.ts";
import { spectraPicture } from "./pictures/spectra.ts";
import type { Markup } from "./pictures/svg.ts";
import { meanAndDeviation } from "./statistics.ts";
import { type KernelStudy, kernelsOf } from "./study.ts";

export const pictureNames = ["scores", "kernels", "spectra", "drift"] as const;
export type PictureName = (typeof pictureNames)[number];

/** SVG by name; a picture for which the study has no numbers is left out. */
export function studyPictures(study: KernelStudy): Partial<Record<PictureName, Markup>> {
  const drawn = Object.entries(pictures).map(([name, draw]) => [name, draw(study)] as const);
  return Object.fromEntries(drawn.filter(([, picture]) => picture !== undefined));
}

const pictures: { readonly [name in PictureName]: (study: KernelStudy) => Markup | undefined } = {
  scores,
  kernels,
  spectra,
  drift,
};

function scores(study: KernelStudy): Markup | undefined {
  const rows = study.parameterSets.map(({ name }) => ({
    name,
    scores: study.classifiers.map((classifier) =>
      kernelsOf(study, name).flatMap(({ scores }) => scores[classifier] ?? []),
    ),
  }));
  const none = rows.every((row) => row.scores.every((values) => values.length === 0));
  return none ? undefined : scoreChart({ metric: study.metric, classifiers: study.classifiers, rows });
}

/** Of the first split that has kernels to show. */
function kernels({ parameterSets, splits, classes }: KernelStudy): Markup | undefined {
  for (const { kernels, labels } of splits) {
    const maps = parameterSets.flatMap(({ name }) => {
      const values = kernels[name]?.traceKernel;
      return values === undefined ? [] : [{ name, values }];
    });
    if (maps.length > 0) return heatMapsPicture({ maps, labels, classes });
  }
  return undefined;
}

function spectra(study: KernelStudy): Markup | undefined {
  const known = study.parameterSets.map(({ name }, order) => ({
    name,
    order,
    eigenvalues: kernelsOf(study, name).map(({ description }) => description.eigenvalues),
  }));
  const measured = known.filter(({ eigenvalues }) => eigenvalues.length > 0);
  return measured.length === 0 ? undefined : spectraPicture(measured);
}

function drift(study: KernelStudy): Markup | undefined {
  const drifts = study.parameterSets.flatMap(({ name }, order): Drift[] => {
    const points = meanDrift(study, name);
    return points.length === 0 ? [] : [{ name, order, points }];
  });
  return drifts.length === 0 ? undefined : driftPicture(drifts);
}

/** The relative change at each step, the mean over the splits that have the step. */
export function meanDrift(study: KernelStudy, parameterSet: string): Point[] {
  const points = kernelsOf(study, parameterSet).flatMap(({ drift }) => drift ?? []);
  const steps = [...new Set(points.map(({ step }) => step))].sort((a, b) => a - b);
  return steps.map((step) => {
    const changes = points.filter((point) => point.step === step).map(({ relativeDistance }) => relativeDistance);
    return [step, meanAndDeviation(changes).mean];
  });
}
