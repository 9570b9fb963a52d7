// The spread of the traffic, live: redrawn in a terminal, one line a second anywhere else.
import { performance } from 'node:perf_hooks';

const width = 40;

/** Draws until it is stopped. `counters()` gives what the balancer counted for each endpoint. */
export function screen(tally, counters, out = process.stdout) {
  const rate = rates(tally);
  const draw = out.isTTY ? redrawn(out) : (lines) => out.write(`${lines.join('  ')}\n`);
  const show = out.isTTY ? picture : oneLine;
  const next = () => draw(show(tally, rate(), counters()));
  const timer = setInterval(next, out.isTTY ? 200 : 1000);
  const stop = () => {
    clearInterval(timer);
    next();
  };
  return { stop };
}

const layers = { layer4: 'connections', layer7: 'requests' };

function picture(tally, now, counters) {
  const head = `${now.connections} connections/s   ${now.requests} requests/s   ${tally.failed} failed`;
  const rows = Object.entries(layers).flatMap(([layer, what]) => {
    const bars = shares(tally.answered[layer]).map(({ name, share }) => {
      const bar = '█'.repeat(Math.round(share * width)).padEnd(width, '░');
      return `  ${name.padEnd(6)} ${bar} ${percent(share)}   ${counters[name]?.open ?? 0} open`;
    });
    return [`${layer}: ${what}`, ...bars];
  });
  return [head, ...rows];
}

function oneLine(tally, now) {
  const spread = Object.keys(layers).map((layer) => {
    const each = shares(tally.answered[layer]).map(({ name, share }) => `${name} ${percent(share)}`);
    return `${layer}: ${each.join(' ')}`;
  });
  return [`${now.connections} connections/s`, `${now.requests} requests/s`, ...spread, `${tally.failed} failed`];
}

function shares(answered) {
  const all = [...answered.values()].reduce((sum, one) => sum + one, 0);
  return [...answered].map(([name, times]) => ({ name, share: all === 0 ? 0 : times / all }));
}

const percent = (share) => `${(share * 100).toFixed(1)} %`.padStart(7);

// Over the last second or so: what happened since the oldest sample kept.
function rates(tally) {
  const samples = [{ at: performance.now(), connections: 0, requests: 0 }];
  return () => {
    const { connections, requests } = tally;
    samples.push({ at: performance.now(), connections, requests });
    while (samples.length > 2 && samples.at(-1).at - samples[1].at >= 1000) samples.shift();
    const [first] = samples;
    const seconds = (samples.at(-1).at - first.at) / 1000 || 1;
    return {
      connections: Math.round((connections - first.connections) / seconds),
      requests: Math.round((requests - first.requests) / seconds),
    };
  };
}

function redrawn(out) {
  let drawn = 0;
  return (lines) => {
    const up = drawn > 0 ? `\u001B[${drawn}A` : '';
    out.write(up + lines.map((line) => `\u001B[2K${line}\n`).join(''));
    drawn = lines.length;
  };
}
