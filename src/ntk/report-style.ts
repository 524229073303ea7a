/** How a report looks, on screens light and dark and on paper. It is markup's content: no `<` and no `&`. */
export const reportStyle = `
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --shade: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0d1117; --ink: #e6edf3; --quiet: #9198a1; --line: #3d444d; --shade: #151b23; }
}
body {
  max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 4rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.75rem; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line); }
p, dd { max-width: 46rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; color: var(--quiet); padding-top: 0.5rem; }
th, td { padding: 0.35rem 0.8rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-weight: 600; vertical-align: bottom; white-space: normal; max-width: 8rem; }
tbody th { text-align: left; font-weight: 500; white-space: normal; overflow-wrap: anywhere; min-width: 9rem; }
tbody tr:nth-child(odd) { background: var(--shade); }
.settings td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
figure { margin: 1.5rem 0; }
figure svg { max-width: 100%; height: auto; }
.ntk-ink { fill: var(--ink); }
.ntk-rule { stroke: var(--quiet); }
dt { font-weight: 600; margin-top: 0.7rem; }
dd { margin: 0; color: var(--quiet); }
details { margin: 1rem 0; }
summary { cursor: pointer; color: var(--quiet); }
@media print {
  :root { color-scheme: light; --ground: #ffffff; --ink: #000000; --quiet: #444444; --line: #bbbbbb; --shade: #ffffff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  figure svg { max-height: 15cm; }
  table { font-size: 8pt; }
  th, td { padding: 0.2rem 0.4rem; }
  .scroll { overflow: visible; }
}
`;
