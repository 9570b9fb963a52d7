/** How the place of something in a configuration is written: `pools.api.endpoints[1]`. */
export function writePath(steps: readonly PropertyKey[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    const field = String(step);
    if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(field)) return `${path}[${JSON.stringify(field)}]`;
    return path === '' ? field : `${path}.${field}`;
  }, '');
}
