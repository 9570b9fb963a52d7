// Answers of our own, as clients of HTTP see them.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Config } from '../../ts/config/types.js';
import { emptyFolder } from '../support/folder.js';
import { balance, freeAddress } from '../support/network.js';

test('a client is told in the form it likes, or in the words of a file as it was when it was applied', async () => {
  const file = join(emptyFolder('answers'), '502.html');
  const refuses = (await freeAddress()).replace('tcp://', '');
  const config = (answers?: Config['routes']): Config => ({
    listeners: { web: 'http://127.0.0.1:0' },
    pools: { api: { endpoints: [refuses] } },
    routes: answers,
  });
  const balancer = await balance(config());
  const address = balancer.listeners().web?.address ?? '';
  const ask = async (accept: string): Promise<[string | null, string]> => {
    const response = await fetch(address, { headers: { accept } });
    expect(response.status).toBe(502);
    expect(Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.now())).toBeLessThan(60_000);
    return [response.headers.get('content-type'), await response.text()];
  };
  expect(await ask('*/*')).toEqual(['text/plain', '502 Bad Gateway\n']);
  const [kind, body] = await ask('application/json');
  expect([kind, JSON.parse(body)]).toEqual(['application/json', { status: 502, title: 'Bad Gateway' }]);

  const inOtherWords = config([{ pool: 'api', answers: { 502: { file } } }]);
  writeFileSync(file, '<p>one ü');
  await balancer.apply(inOtherWords);
  writeFileSync(file, '<p>two');
  expect(await ask('application/json')).toEqual(['text/html; charset=utf-8', '<p>one ü']);
  await balancer.apply(inOtherWords);
  expect(await ask('*/*')).toEqual(['text/html; charset=utf-8', '<p>two']);

  renameSync(file, `${file}.away`);
  await expect(balancer.apply(inOtherWords)).rejects.toMatchObject({ issues: [{ code: 'ANSWER_UNREADABLE' }] });
  expect(await ask('*/*')).toEqual(['text/html; charset=utf-8', '<p>two']);
  await balancer.close();
});
