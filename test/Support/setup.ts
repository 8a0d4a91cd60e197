import fc from 'fast-check';

/** Properties draw the same cases every time, so that a red test is red again; SHOAL_SEED=… looks elsewhere. */
const { SHOAL_SEED } = process.env;
fc.configureGlobal({ seed: SHOAL_SEED === undefined ? 20_240_501 : Number(SHOAL_SEED) });
