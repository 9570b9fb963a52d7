// Writes the table of defaults as a page for readers.

/** The page; `defaults` is the table of ts/config/defaults.ts. */
export function defaultsPage(defaults) {
  const rows = Object.entries(defaults);
  return `<!-- Generated from ts/config/defaults.ts by \`npm run generate\`. Do not edit. -->

# Defaults

What holds when a configuration does not say otherwise.

${table(rows.filter((row) => !isFixed(row)))}
## What cannot be changed yet

${table(rows.filter(isFixed).map(([name, row]) => [name.replace('fixed.', ''), row]))}`;
}

const isFixed = ([name]) => name.startsWith('fixed.');

function table(rows) {
  const lines = rows.map(([name, { value, unit, range, reason }]) => {
    const accepts = range?.map((end) => inWords(end, unit)).join(' to ') ?? '';
    return `| \`${name}\` | ${inWords(value, unit)} | ${accepts} | ${reason} |`;
  });
  return ['| setting | default | accepts | why |', '| --- | --- | --- | --- |', ...lines, ''].join('\n');
}

const steps = {
  milliseconds: [
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1000, 's'],
    [1, 'ms'],
  ],
  bytes: [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
    [1, ''],
  ],
};

// As it is written in a configuration.
function inWords(value, unit) {
  if (value === null) return 'decided where it runs';
  if (typeof value !== 'number' || steps[unit] === undefined) return `\`${value}\``;
  const [size, name] = steps[unit].find(([size]) => value >= size && value % size === 0) ?? steps[unit].at(-1);
  return `\`${value / size}${name}\``;
}
