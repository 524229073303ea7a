/** Foreign names as an error can list them. */

const LISTED = 20;
const LONGEST = 60;

/** `names` on one line, separated by commas: at most 20 of them, each cut after 60 characters. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).map(onOneLine);
  return [...shown, ...(names.length > LISTED ? [`… (${names.length} in all)`] : [])].join(", ");
}

function onOneLine(name: string): string {
  const cut = name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name;
  return cut.replaceAll(/\s+/g, " ");
}
