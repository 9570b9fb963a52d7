// The command line of run.mjs.

import { parseArgs } from 'node:util';

import { CASES, GROUPS } from './cases.mjs';
import { PEERS } from './names.mjs';
import { Refusal } from './processes.mjs';

export const USAGE = `node benches/peers/run.mjs [flags]

  --case NAME                  what is measured (all): a case or a group of them, of
                               ${Object.keys(CASES).join(', ')};
                               ${Object.keys(GROUPS).join(', ')}
  --rounds N                   rounds kept; one more is run first and thrown away (16)
  --slice MS                   how long one slice of rr or of HTTP lasts (1000)
  --mib1 N, --mib32 N          MiB that one slice of bulk1 and of bulk32 moves (1024, 2048)
  --direction download|upload  which way bulk goes (download)
  --kept                       bulk on connections that outlive a slice, instead of fresh ones
  --only NAMES                 only these peers beside ours, with commas, instead of the case's own:
                               ${PEERS.http.join(',')}
  --ours 'COMMAND'             another command in our place: it gets the endpoint's port as its last
                               argument and prints "listening PORT"
  --seed N                     of the order within rounds (taken from the clock)
  --out FILE                   where the result goes (a file in the temporary folder)
  --help`;

/** Fewer rounds are fine while developing, but make no result that may be shown. */
export const ENOUGH_ROUNDS = 16;

export function flags(argv) {
  const values = parsed(argv);
  if (values.help) return { help: true };
  const names = Object.hasOwn(GROUPS, values.case) ? GROUPS[values.case] : [values.case];
  if (!names.every((name) => Object.hasOwn(CASES, name))) {
    const known = [...Object.keys(CASES), ...Object.keys(GROUPS)].join(', ');
    throw new Refusal(`No case is called ${values.case}: there are ${known}.`);
  }
  const only = values.only?.split(',');
  for (const { protocol } of names.map((name) => CASES[name])) {
    const unknown = only?.find((peer) => !PEERS[protocol].includes(peer));
    if (unknown === undefined) continue;
    throw new Refusal(`With ${protocol} no peer is called ${unknown}: there are ${PEERS[protocol].join(', ')}.`);
  }
  if (!['download', 'upload'].includes(values.direction)) {
    throw new Refusal('--direction is download or upload.');
  }
  return {
    cases: names,
    peersOf: (name) => only ?? CASES[name].peers,
    rounds: number(values, 'rounds'),
    seed: values.seed === undefined ? Date.now() % 2 ** 32 : number(values, 'seed'),
    ours: values.ours,
    out: values.out,
    options: {
      slice: number(values, 'slice'),
      mib1: number(values, 'mib1'),
      mib32: number(values, 'mib32'),
      direction: values.direction,
      kept: values.kept,
    },
  };
}

function parsed(args) {
  try {
    return parseArgs({
      args,
      options: {
        case: text('all'),
        rounds: text(String(ENOUGH_ROUNDS)),
        slice: text('1000'),
        mib1: text('1024'),
        mib32: text('2048'),
        direction: text('download'),
        kept: { type: 'boolean', default: false },
        only: { type: 'string' },
        ours: { type: 'string' },
        seed: { type: 'string' },
        out: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new Refusal(`${error.message}\n\n${USAGE}`);
  }
}

function text(value) {
  return { type: 'string', default: value };
}

function number(values, name) {
  const n = Number(values[name]);
  if (Number.isInteger(n) && n > 0) return n;
  throw new Refusal(`--${name} is a whole number above zero, not ${values[name]}.`);
}
