// Hosts and paths of requests as users write them.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalPath } from '../../ts/config/canonical.js';
import { parseHost } from '../../ts/config/host.js';
import { parsePrefix } from '../../ts/config/prefix.js';
import paths from '../corpus/paths.json' with { type: 'json' };

describe('a host', () => {
  test.each([
    ['a', 'a'],
    ['API.Example.com.', 'api.example.com'],
    ['my_service-1.local', 'my_service-1.local'],
    ['xn--mnchen-3ya.example', 'xn--mnchen-3ya.example'],
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[2001:DB8:0:0::7]', '[2001:db8::7]'],
  ])('%s is matched as %s', (written, host) => {
    expect(parseHost(written)).toEqual({ value: host });
  });

  test.each([
    ['', 'BAD_HOST'],
    ['.', 'BAD_HOST'],
    ['a..', 'BAD_HOST'],
    ['user@a', 'BAD_HOST'],
    ['https://a:1', 'BAD_HOST'],
    ['a%41', 'BAD_HOST'],
    ['[fe80::1%25eth0]', 'BAD_HOST'],
    ['2001:db8::7', 'BAD_HOST'],
    ['a:', 'HOST_PORT'],
    ['[::1]:443', 'HOST_PORT'],
    ['*.a', 'HOST_WILDCARD'],
    ['a*', 'HOST_WILDCARD'],
    ['ß.example', 'HOST_UNICODE'],
  ])('%j is refused as %s', (written, code) => {
    expect(parseHost(written)).toHaveProperty('finding.code', code);
  });

  test('is as long as what the core looks up', () => {
    const longest = 'a'.repeat(255);
    expect(parseHost(`${longest}.`)).toEqual({ value: longest });
    for (const long of [`${longest}a`, `${longest}..`, 'ä'.repeat(100_000)]) {
      expect(parseHost(long)).toHaveProperty('finding.code', 'BAD_HOST');
    }
  });

  test('beyond ASCII is told as it has to be written, and that is right', () => {
    const parsed = parseHost('Bücher.Example.');
    expect(parsed).toMatchObject({ finding: { hint: 'write "xn--bcher-kva.example"' } });
    expect(parseHost('xn--bcher-kva.example')).toEqual({ value: 'xn--bcher-kva.example' });
  });

  test('that is right is its own spelling, whatever it was', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6().map((ip) => `[${ip}]`), fc.string()), (written) => {
        const parsed = parseHost(written);
        if ('finding' in parsed) return;
        expect(parsed.value).toMatch(/^[!-~]{1,255}$/);
        expect(parsed.value).toBe(parsed.value.toLowerCase());
        expect(parseHost(parsed.value)).toEqual(parsed);
        expect(parseHost(written.toUpperCase())).toEqual(parsed);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the beginning of a path', () => {
  test.each([
    ['/', ''],
    ['/v2', '/v2'],
    ['/v2/', '/v2'],
    ['/API/~me/x.y/...', '/API/~me/x.y/...'],
    ['/caf%C3%A9/a:b;c=1,2', '/caf%C3%A9/a:b;c=1,2'],
  ])('%s is matched as "%s"', (written, prefix) => {
    expect(parsePrefix(written)).toEqual({ value: prefix });
  });

  test.each([
    ['', 'BAD_PREFIX'],
    ['v2', 'BAD_PREFIX'],
    ['http://a/v2', 'BAD_PREFIX'],
    ['/v2?x=1', 'BAD_PREFIX'],
    ['/v2#top', 'BAD_PREFIX'],
    ['//', 'BAD_PREFIX'],
    ['/a//b', 'BAD_PREFIX'],
    ['/a/..', 'BAD_PREFIX'],
    ['/./a', 'BAD_PREFIX'],
    ['/a/.%2E/b', 'BAD_PREFIX'],
    ['/a\tb', 'BAD_PREFIX'],
    ['/a\0', 'BAD_PREFIX'],
    ['/a b', 'PREFIX_ENCODING'],
    ['/é', 'PREFIX_ENCODING'],
    ['/%41', 'PREFIX_CANONICAL'],
    ['/a%2fb', 'PREFIX_CANONICAL'],
    ['/a%2', 'PREFIX_BROKEN'],
    ['/%00', 'PREFIX_BROKEN'],
    ['/%c0%ae', 'PREFIX_BROKEN'],
  ])('%j is refused as %s', (written, code) => {
    expect(parsePrefix(written)).toHaveProperty('finding.code', code);
  });

  test('with what has to be encoded is told so, without what is encoded already', () => {
    expect(parsePrefix('/é%20 €/')).toMatchObject({ finding: { hint: 'write "/%C3%A9%20%20%E2%82%AC/"' } });
  });

  test('that is right begins and ends as the core wants it, whatever it was', () => {
    const segments = fc.array(fc.string({ unit: fc.constantFrom('a', '.', '%', '2', 'e', '/', '?', ' ', 'é') }));
    fc.assert(
      fc.property(fc.oneof(segments.map((all) => `/${all.join('/')}`), fc.webPath(), fc.string()), (written) => {
        const parsed = parsePrefix(written);
        if ('finding' in parsed) return;
        expect(parsed.value).toMatch(/^(?:\/[!-~]+)*$/);
        expect(parsed.value).not.toMatch(/[?#]|\/$|\/\//);
        expect(canonicalPath(parsed.value)).toBe(parsed.value);
        expect(parsePrefix(`${parsed.value}/`)).toEqual(parsed);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the canonical form of a path', () => {
  // Rules are written in the form that paths come in, whatever a listener or a route reads otherwise.
  const plain = paths.filter(({ merges, decodes }) => !merges && !decodes);

  test.each(plain)('is what the core makes of it: $what', ({ came, canonical }) => {
    expect(canonicalPath(came)).toBe(canonical);
  });

  test('stays as it is', () => {
    const piece = fc.constantFrom('/', '.', 'a', '%2e', '%2F', '%c3%a9', '%41', '%', '%25', ';', '\\');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const canonical = canonicalPath(`/${pieces.join('')}`);
        if (canonical !== null) expect(canonicalPath(canonical)).toBe(canonical);
      }),
      { numRuns: 1000 },
    );
  });
});
