// An engine without sockets: it answers what a test tells it to, and remembers what it was given.
import type { ApplyAnswer, CounterIndex, Engine } from '../../ts/native.js';
import type { Plan } from '../../ts/plan/types.js';

/** What one `apply` was given. */
export interface Given {
  readonly plan: Plan;
  readonly tables: readonly Uint8Array[];
}

const classes = ['1xx', '2xx', '3xx', '4xx', '5xx'];
const histogram = ['histogram0', 'histogram1', 'histogram2', 'histogram3'];
const ofEndpoint = ['picked', 'open', 'inflight', 'failed', 'bytesSent', 'bytesReceived', 'reused'];

export class FakeEngine implements Engine {
  readonly given: Given[] = [];
  readonly closes: number[] = [];
  reopened = 0;
  /** Why the log cannot be opened anew. */
  unopened: string | null = null;
  /** What the next plans are answered with; when it is empty they are applied. */
  readonly answers: (ApplyAnswer | Error)[] = [];
  /** Waited for before each answer. */
  gate: Promise<unknown> = Promise.resolve();
  isClosed = false;
  #adopted: Plan | null = null;

  async apply(json: Uint8Array, tables: Uint8Array[]): Promise<ApplyAnswer> {
    const plan = JSON.parse(new TextDecoder().decode(json)) as Plan;
    this.given.push({ plan, tables });
    await this.gate;
    const answer = this.answers.shift() ?? applied(plan);
    if (answer instanceof Error) throw answer;
    if (answer.kind === 'applied') this.#adopted = plan;
    return answer;
  }

  index(): CounterIndex {
    const { version = 0, listeners = [], routes = [], pools = [], endpoints = [] } = this.#adopted ?? {};
    const group = (of: readonly { readonly key: string }[], ...fields: string[]) => {
      return { keys: of.map(({ key }) => key), fields };
    };
    const index = {
      version,
      header: ['version', 'worlds', 'workers', 'connections', 'logWritten', 'logDropped'],
      listeners: group(listeners, 'accepted', 'open', 'bytesIn', 'bytesOut', 'requests', ...classes),
      routes: group(routes, 'taken', ...classes, ...histogram),
      pools: group(pools, 'requests', 'retries', 'retriesDenied'),
      endpoints: group(endpoints, ...ofEndpoint, ...classes, ...histogram),
      bounds: [500_000, 2_000_000],
      faults: { keys: ['connect-refused', 'idle-timeout'] },
    };
    const groups = [index.listeners, index.routes, index.pools, index.endpoints];
    const numbers = groups.reduce((sum, { keys, fields }) => sum + keys.length * fields.length, 0);
    return { ...index, length: index.header.length + numbers + index.faults.keys.length };
  }

  /** Each number is its own position, except the first, which is the version. */
  read(into: Float64Array): number {
    if (this.isClosed) return -2;
    const { version, length } = this.index();
    if (into.length < length) return -1;
    for (let at = 0; at < length; at++) into[at] = at === 0 ? version : at;
    return version;
  }

  async close(drainMs: number): Promise<{ cut: number }> {
    this.closes.push(drainMs);
    await this.gate;
    this.isClosed = true;
    return { cut: 0 };
  }

  async reopenLog(): Promise<string | null> {
    this.reopened++;
    return this.unopened;
  }

  shutdown(): void {
    this.isClosed = true;
  }
}

function applied({ version, listeners }: Plan): ApplyAnswer {
  const bound = listeners.map(({ key }, at) => [key, `tcp://127.0.0.1:${1000 + at}`]);
  return { kind: 'applied', version, decodedOn: 1, workers: 2, listeners: Object.fromEntries(bound) };
}
