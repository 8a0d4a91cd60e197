import fc from 'fast-check';

/** Texts of any code points, lone surrogates included. (`fc.string({ unit: 'binary' })` takes seconds to begin.) */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  return fc
    .array(fc.integer({ min: 0, max: 0x10_ffff }), { maxLength })
    .map((points) => String.fromCodePoint(...points));
}
