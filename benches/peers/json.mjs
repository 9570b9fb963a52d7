// JSON that a person can read and a diff can follow: one member a line, plain arrays in one line.

/** @returns {string} without a newline at the end */
export function pretty(value, indent = '') {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== 'object' || item === null)) return inline(value, indent);
    return `[\n${value.map((item) => deeper + pretty(item, deeper)).join(',\n')}\n${indent}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return '{}';
  const flat = members.every(([, member]) => typeof member !== 'object' || member === null);
  const one = `{ ${members.map(([key, member]) => `${JSON.stringify(key)}: ${JSON.stringify(member)}`).join(', ')} }`;
  if (flat && indent.length + one.length <= 120) return one;
  const lines = members.map(([key, member]) => `${deeper}${JSON.stringify(key)}: ${pretty(member, deeper)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

/** Lines of text one below the other; numbers and names side by side. */
function inline(items, indent) {
  const words = items.map((item) => JSON.stringify(item));
  if (items.some((item) => typeof item === 'string' && /\s/.test(item))) {
    return `[\n${words.map((word) => `${indent}  ${word}`).join(',\n')}\n${indent}]`;
  }
  return `[${words.join(', ')}]`;
}
