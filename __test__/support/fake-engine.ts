// An engine without sockets: it answers what a test tells it to, and remembers what it was given.
import type { ApplyAnswer, CounterIndex, Engine } from '../../ts/native.js';
import type { Plan } from '../../ts/plan/types.js';

/** What one `apply` was given. */
export interface Given {
  readonly plan: Plan;
  readonly tables: readonly Uint8Array[];
}

export class FakeEngine implements Engine {
  readonly given: Given[] = [];
  readonly closes: number[] = [];
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
    const { version = 0, listeners = [], endpoints = [] } = this.#adopted ?? {};
    return {
      version,
      length: 4 + listeners.length * 4 + endpoints.length * 6 + 2,
      header: ['version', 'worlds', 'workers', 'connections'],
      listeners: {
        keys: listeners.map(({ key }) => key),
        fields: ['accepted', 'open', 'bytesIn', 'bytesOut'],
      },
      endpoints: {
        keys: endpoints.map(({ key }) => key),
        fields: ['picked', 'open', 'inflight', 'failed', 'bytesSent', 'bytesReceived'],
      },
      faults: { keys: ['connect-refused', 'idle-timeout'] },
    };
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

  shutdown(): void {
    this.isClosed = true;
  }
}

function applied({ version, listeners }: Plan): ApplyAnswer {
  const bound = listeners.map(({ key }, at) => [key, `tcp://127.0.0.1:${1000 + at}`]);
  return { kind: 'applied', version, decodedOn: 1, workers: 2, listeners: Object.fromEntries(bound) };
}
