import { NETWORK_CLASSES, type NetworkClass } from './Address.ts';

/** What a limit holds for: everything together, or one class of networks. */
export type LimitScope = 'total' | NetworkClass;

export const LIMIT_SCOPES: readonly LimitScope[] = ['total', ...NETWORK_CLASSES];

/** Bytes a second of one direction, by scope; undefined, or left out: no limit, or no change. */
export type Rates = Readonly<Partial<Record<LimitScope, number | undefined>>>;
