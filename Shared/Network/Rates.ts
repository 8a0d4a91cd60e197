import { NETWORK_CLASSES, type NetworkClass } from './Address.ts';

/** Scope of a rate limit: all traffic, or one class of networks. */
export type LimitScope = 'total' | NetworkClass;

export const LIMIT_SCOPES: readonly LimitScope[] = ['total', ...NETWORK_CLASSES];

/** Bytes per second of one direction, by scope. Undefined: no limit; absent: no change. */
export type Rates = Readonly<Partial<Record<LimitScope, number | undefined>>>;
