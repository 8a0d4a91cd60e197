import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { ratesOf } from '../State/Rates.ts';
import { t } from '../Text/Language.ts';
import { clockText, rateText } from '../Text/Units.ts';

const HEIGHT = 120;
const REDRAW_MS = 1_000;
/** Least time that the plot spans, in seconds. */
const SPAN_S = 60;

/** The rate of a download over time. The library is loaded when the first one is opened. */
export function RatePlot({ number }: { readonly number: number }) {
  const figure = useRef<HTMLElement>(null);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current;
    let plot: uPlot | undefined;
    let gone = false;
    const draw = () => {
      const history = ratesOf(number);
      // One sample is no course.
      const isPlotted = history !== undefined && history.times.length > 1;
      if (figure.current !== null) figure.current.hidden = !isPlotted;
      if (isPlotted) plot?.setData([history.times, history.rates]);
    };
    const resized = new ResizeObserver(() => plot?.setSize({ width: box?.clientWidth ?? 0, height: HEIGHT }));
    void Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]).then(([{ default: UPlot }]) => {
      if (gone || box === null) return;
      plot = new UPlot(optionsOf(box), [[], []], box);
      resized.observe(box);
      draw();
    });
    const timer = window.setInterval(draw, REDRAW_MS);
    return () => {
      gone = true;
      window.clearInterval(timer);
      resized.disconnect();
      plot?.destroy();
    };
  }, [number]);
  return (
    <figure class="plot" ref={figure} hidden>
      <figcaption>{t('downloads.rate')}</figcaption>
      <div ref={place} />
    </figure>
  );
}

function optionsOf(box: HTMLElement): uPlot.Options {
  const colour = (name: string) => getComputedStyle(box).getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px ui-sans-serif, system-ui, sans-serif',
  };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_, min, max) => [Math.min(min, max - SPAN_S), max] },
      y: { range: (_, __, max) => [0, Math.max(1_000, max * 1.1)] },
    },
    axes: [
      { ...axis, space: 80, values: (_, ticks) => ticks.map(clockText) },
      { ...axis, size: 84, space: 36, values: (_, ticks) => ticks.map(rateText) },
    ],
    series: [
      {},
      { stroke: colour('--accent'), width: 2, fill: `${colour('--accent')}22`, points: { show: false } },
    ],
  };
}
