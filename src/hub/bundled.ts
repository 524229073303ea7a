/** The models that come with the package, by their names. */
import { fileURLToPath } from "node:url";

export const bundledModels: readonly string[] = ["rocoft-small"];

/** The folder of the bundled model `name`; null where no bundled model is called so. */
export function bundledFolder(name: string): string | null {
  return bundledModels.includes(name) ? fileURLToPath(new URL(`../../models/${name}`, import.meta.url)) : null;
}
