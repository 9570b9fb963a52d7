// The main job on embedded defaults: three endpoints, a balancer before them, traffic, its spread.
import { createBalancer } from '../dist/index.js';
import { startEndpoints } from './demo/endpoints.mjs';
import { screen } from './demo/screen.mjs';
import { startTraffic } from './demo/traffic.mjs';
import { leave, onSignal } from './lib/signals.mjs';

const names = ['ash', 'birch', 'cedar'];

/** Serves for so many milliseconds or until a signal; answers the exit code. */
export async function demo(length) {
  const stopped = stopping(length);
  const endpoints = await startEndpoints(names);
  const balancer = await createBalancer({
    listeners: { demo: 'tcp://127.0.0.1:0' },
    pools: { trees: { endpoints: endpoints.map(({ name, address }) => `${name}=${address}`) } },
  });
  const { address } = balancer.listeners().demo;
  introduce(address, endpoints);

  const traffic = startTraffic(new URL(address), names);
  const view = screen(traffic.tally, () => balancer.counters().endpoints);
  await stopped;

  await traffic.stop();
  view.stop();
  // Whoever tried it by hand and is still connected gets a moment.
  await balancer.close({ drain: '1s' });
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  return conclude(traffic.tally);
}

// Resolves when the time is over or a signal asks for the end; a second signal leaves at once.
function stopping(length) {
  return new Promise((resolve) => {
    const timer = length === Infinity ? undefined : setTimeout(resolve, length);
    onSignal(() => {
      clearTimeout(timer);
      onSignal(leave);
      resolve();
    });
  });
}

function introduce(address, endpoints) {
  const { hostname, port } = new URL(address);
  for (const { name, address: at } of endpoints) console.log(`endpoint  ${name.padEnd(5)}  tcp://${at}`);
  console.log(`balancer  ${'demo'.padEnd(5)}  ${address}`);
  console.log(`try it:   echo hello | nc ${hostname} ${port}     stop it: Ctrl-C\n`);
}

function conclude({ requests, connections, failed, reasons }) {
  console.log(`${requests} requests over ${connections} connections, ${failed} failed`);
  for (const [reason, times] of reasons) console.error(`  ${times} × ${reason}`);
  return failed > 0 || requests === 0 ? 1 : 0;
}
