/**
 * fourseven: a load balancer for layer 4 and layer 7. A Rust core moves every byte; what it does is
 * said here, in TypeScript.
 *
 * ```ts
 * import { createBalancer } from 'fourseven';
 *
 * const balancer = await createBalancer({
 *   listeners: { web: 'tcp://:8080' },
 *   pools: { api: { endpoints: [':3001', ':3002'] } },
 * });
 * ```
 *
 * @module
 */

export {
  type Applied,
  Balancer,
  type BoundListener,
  type Closed,
  createBalancer,
  type Registry,
} from './balancer.js';
export type {
  AccessLogConfig,
  AlgorithmConfig,
  AlgorithmName,
  AnswerConfig,
  AnswersConfig,
  AnswerStatus,
  Bytes,
  Config,
  ConnectionsConfig,
  Duration,
  EndpointConfig,
  ForwardConfig,
  HttpConfig,
  HttpLimitsConfig,
  HttpTimeoutsConfig,
  LimitsConfig,
  ListenerConfig,
  LogFieldsConfig,
  LogSampleConfig,
  LogTemplateConfig,
  MatchConfig,
  PathsConfig,
  PoolConfig,
  RetriesConfig,
  RouteConfig,
  TimeoutsConfig,
} from './config/types.js';
export type { Algorithm, AlgorithmOptions, EndpointView, Picker } from './algorithms/contract.js';
export { constant, type Cost, inflight, open } from './algorithms/cost.js';
export { cycle, least, type LeastOptions } from './algorithms/pickers.js';
export type {
  Counters,
  EndpointCounters,
  Histogram,
  ListenerCounters,
  LogCounters,
  PoolCounters,
  Responses,
  RouteCounters,
} from './counters.js';
export type { CounterGroup, CounterIndex } from './native.js';
export { type ErrorCode, FoursevenError, type Issue, type IssueCode } from './errors.js';
