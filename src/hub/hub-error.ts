/** What can go wrong between here and the hub, as one line with the way out. */
import type { HubEnvironment } from "./environment.ts";
import { oneLine } from "./reasons.ts";

/** A model on the hub. */
export interface HubModel {
  /** `name` or `organisation/name`. */
  readonly id: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  readonly environment: HubEnvironment;
}

/** The hub could not be reached at all; what is in the cache may do. */
export class HubUnreachable extends Error {}

type Explanation = (model: HubModel) => string;

const explanations: { readonly [status: number]: Explanation } = {
  401: ({ id, environment }) =>
    environment.token === null
      ? `no access to ${id}: the name is wrong, or the model is private or gated; set HF_TOKEN to a token that may read it`
      : `the access token may not read ${id}: the name is wrong, the token has expired, or it lacks the right; make one at ${environment.endpoint}/settings/tokens and set HF_TOKEN`,
  403: ({ id, environment }) =>
    `access to ${id} has not been granted; ask for it at ${environment.endpoint}/${id}, then set HF_TOKEN to a token that may read it`,
  404: ({ id, revision, environment }) =>
    `no model ${id} with revision ${revision} at ${environment.endpoint}, and no folder of that name here; check the name`,
  429: ({ environment }) => `${environment.endpoint} asks to slow down; try again in a few minutes, or set HF_TOKEN`,
};

/** What the hub's library threw, as one line; errors that are plain already come through as they are. */
export function hubError(model: HubModel, error: unknown): Error {
  const { endpoint } = model.environment;
  const status = statusOf(error);
  if (status !== null) {
    const explain = explanations[status] ?? (() => `${endpoint} failed to answer for ${model.id}; try again later`);
    return new Error(`hub: ${explain(model)} (HTTP ${status})`, { cause: error });
  }
  if (error instanceof TypeError && error.message === "fetch failed") {
    return new HubUnreachable(
      `hub: cannot reach ${endpoint} (${reasonOf(error.cause)}); check the network and HF_ENDPOINT, or give the folder of a model`,
      { cause: error },
    );
  }
  return new Error(
    `hub: ${endpoint} gave an answer for ${model.id} that is not a hub's (${oneLine(error)}); check HF_ENDPOINT`,
    {
      cause: error,
    },
  );
}

function statusOf(error: unknown): number | null {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : null;
}

/** Node puts the reason of a failed fetch into its cause, which has a code but often no message. */
function reasonOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : oneLine(cause);
}
