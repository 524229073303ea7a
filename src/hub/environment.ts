/** Where Hugging Face's own tools keep models and how they reach the hub, from the same environment variables. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export interface HubEnvironment {
  /** The folder that holds `models--…` folders. */
  readonly cacheFolder: string;
  /** The absolute path of the folder that holds what this package makes of models. */
  readonly madeFolder: string;
  /** The hub's address, without a slash at its end. */
  readonly endpoint: string;
  /** The access token for private and gated models. */
  readonly token: string | null;
  /** Whether the network must not be used. */
  readonly offline: boolean;
}

/**
 * Reads HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN (else the file `token` in HF_HOME) and HF_HUB_OFFLINE, with the
 * defaults of the Python library huggingface_hub.
 */
export function hubEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): HubEnvironment {
  const home = withHome(env["HF_HOME"] || join(env["XDG_CACHE_HOME"] || "~/.cache", "huggingface"));
  return {
    cacheFolder: withHome(env["HF_HUB_CACHE"] || join(home, "hub")),
    madeFolder: resolve(home, "rocoft"),
    endpoint: (env["HF_ENDPOINT"] || "https://huggingface.co").replace(/\/+$/, ""),
    token: env["HF_TOKEN"]?.trim() || tokenFile(join(home, "token")),
    offline: /^(1|on|yes|true)$/i.test(env["HF_HUB_OFFLINE"] ?? ""),
  };
}

function withHome(path: string): string {
  return path.replace(/^~(?=$|[/\\])/, () => homedir());
}

/** The token in a file; none when there is no readable file, because most models need no token. */
function tokenFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim() || null;
  } catch {
    return null;
  }
}
