// The main job on embedded defaults: three endpoints, a balancer before them that takes connections as
// they are and requests of HTTP one by one, traffic to both, its spread.
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
    listeners: { layer4: 'tcp://127.0.0.1:0', layer7: 'http://127.0.0.1:0' },
    pools: { trees: { endpoints: endpoints.map(({ name, address }) => `${name}=${address}`) } },
  });
  const { layer4, layer7 } = balancer.listeners();
  introduce({ layer4, layer7 }, endpoints);

  const traffic = startTraffic({ layer4: new URL(layer4.address), layer7: new URL(layer7.address) }, names);
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

function introduce(listeners, endpoints) {
  for (const { name, address: at } of endpoints) console.log(`endpoint  ${name.padEnd(6)}  tcp://${at}`);
  for (const [name, { address }] of Object.entries(listeners)) console.log(`balancer  ${name.padEnd(6)}  ${address}`);
  console.log(`try it:   curl ${new URL(listeners.layer7.address).host}     stop it: Ctrl-C\n`);
}

function conclude({ requests, connections, failed, reasons }) {
  console.log(`${requests} requests over ${connections} connections, ${failed} failed`);
  for (const [reason, times] of reasons) console.error(`  ${times} × ${reason}`);
  return failed > 0 || requests === 0 ? 1 : 0;
}
