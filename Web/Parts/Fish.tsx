const BODY = 'M0 0C6-7.5 21-7.5 29 0 21 7.5 6 7.5 0 0Z';
const TAIL = 'M3 0-8-6.5Q-4.5 0-8 6.5Z';

/** One fish that swims to the right. */
export function Fish() {
  return (
    <svg class="fish" viewBox="-9 -8 40 16" aria-hidden="true">
      <path class="tail" d={TAIL} />
      <path d={BODY} />
      <circle class="eye" cx="23" cy="-1.5" r="1.3" />
    </svg>
  );
}

/** Places of a shoal that together have the shape of one fish: x, y, size, depth. */
const SHOAL: readonly (readonly [number, number, number, number])[] = [
  [300, 100, 1.15, 0],
  [262, 82, 1, 0],
  [258, 118, 1.05, 1],
  [224, 66, 0.9, 1],
  [218, 100, 1.1, 0],
  [222, 134, 0.85, 2],
  [184, 56, 0.8, 2],
  [180, 86, 1, 1],
  [176, 116, 0.95, 0],
  [182, 146, 0.8, 2],
  [144, 64, 0.7, 2],
  [140, 96, 0.9, 1],
  [138, 130, 0.8, 1],
  [104, 82, 0.75, 2],
  [100, 112, 0.8, 1],
  [68, 66, 0.65, 2],
  [66, 98, 0.7, 1],
  [62, 128, 0.65, 2],
  [32, 46, 0.6, 2],
  [34, 148, 0.6, 2],
  [30, 74, 0.55, 2],
  [28, 122, 0.55, 2],
];

/** A shoal in the shape of one big fish: many small ones are one. */
export function Shoal() {
  return (
    <svg class="shoal" viewBox="0 0 350 200" aria-hidden="true">
      {SHOAL.map(([x, y, size, depth], index) => (
        <g key={index} transform={`translate(${x} ${y}) scale(${size})`}>
          <g class={`swim depth-${depth} phase-${index % 5}`}>
            <path d={TAIL} />
            <path d={BODY} />
            <circle class="eye" cx="23" cy="-1.5" r="1.3" />
          </g>
        </g>
      ))}
    </svg>
  );
}

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 48 36" aria-hidden="true">
      <g transform="translate(17 18)">
        <path d={TAIL} />
        <path d={BODY} />
        <circle class="eye" cx="23" cy="-1.5" r="1.5" />
      </g>
      <g class="far" transform="translate(7 6.5) scale(.5)">
        <path d={TAIL} />
        <path d={BODY} />
      </g>
      <g class="far" transform="translate(7 29.5) scale(.5)">
        <path d={TAIL} />
        <path d={BODY} />
      </g>
    </svg>
  );
}
