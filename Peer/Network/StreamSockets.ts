import type { Dial, Listen } from '../../Shared/Transport.ts';

export const dial: Dial = () => Promise.reject(new Error('not built yet'));
export const listen: Listen = () => Promise.reject(new Error('not built yet'));
