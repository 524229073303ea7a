/** Learning-rate schedules: factors between 0 and 1, under the names of transformers' `lr_scheduler_type`. */

export type ScheduleName = "constant" | "linear" | "cosine";

/** The factor after warm-up, from the share of the remaining steps that is done (0 … 1). */
type Decay = (progress: number) => number;

const decays: Readonly<Record<ScheduleName, Decay>> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  // Half a period, down to 0 (Loshchilov & Hutter 2017).
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
};

export const scheduleNames: readonly ScheduleName[] = Object.keys(decays) as ScheduleName[];

/**
 * The factor of the learning rate at a step.
 * @param step steps done before this one, from 0
 * @param warmupSteps steps over which the factor rises linearly from 0
 * @param totalSteps steps of the whole training
 */
export function scheduleFactor(name: ScheduleName, step: number, warmupSteps: number, totalSteps: number): number {
  if (step < warmupSteps) return step / Math.max(1, warmupSteps);
  const progress = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  return Math.max(0, decays[name](Math.min(1, progress)));
}
