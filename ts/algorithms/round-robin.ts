import { type Algorithm, noOptions } from './contract.js';
import { cycle } from './pickers.js';

/** Round robin: each endpoint in turn. For endpoints and connections that are much alike. */
export const roundRobin: Algorithm = (endpoints, options) => {
  noOptions(options);
  return cycle(endpoints.keys());
};
