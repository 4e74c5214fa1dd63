// Small charts, drawn with attributes only: the desk's policy allows no style.
// Each is one picture with one sentence; the figures stand beside it as text.
import type { ComponentChildren } from 'preact';

const step = 8;
const tall = 40;

function Chart({ label, count, children }: { label: string; count: number; children: ComponentChildren }) {
  return (
    <svg class="chart" role="img" aria-label={label} viewBox={`0 0 ${count * step} ${tall + 1}`}>
      <path class="ground" d={`M0 ${tall + 0.5}H${count * step}`} />
      {children}
    </svg>
  );
}

/** A column for each pair: what went well, and on top of it what did not. */
export function Columns({ label, pairs }: { label: string; pairs: [good: number, bad: number][] }) {
  const most = Math.max(1, ...pairs.map(([good, bad]) => good + bad));
  const high = (n: number) => (n === 0 ? 0 : Math.max(2, (n / most) * tall));
  return (
    <Chart label={label} count={pairs.length}>
      {pairs.map(([good, bad], i) => {
        const [up, over] = [high(good), high(bad)];
        return (
          <g key={i}>
            {up > 0 && <rect class="good" x={i * step + 1} width={step - 2} y={tall - up} height={up} />}
            {over > 0 && <rect class="bad" x={i * step + 1} width={step - 2} y={Math.max(0, tall - up - over)} height={over} />}
          </g>
        );
      })}
    </Chart>
  );
}

/** Lines on one scale; null is a gap, and a value between gaps is a dot. */
export function Lines({ label, lines }: { label: string; lines: { name: string; values: (number | null)[] }[] }) {
  const most = Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const path = (values: (number | null)[]) =>
    values
      .map((value, i) => {
        if (value === null) return '';
        const pen = (values[i - 1] ?? null) === null ? 'M' : 'L';
        return `${pen}${(i + 0.5) * step} ${tall - (value / most) * (tall - 3) - 1}${pen === 'M' ? 'h.01' : ''}`;
      })
      .join('');
  return (
    <Chart label={label} count={lines[0]?.values.length ?? 1}>
      {lines.map(({ name, values }) => (
        <path key={name} class={name} d={path(values)} />
      ))}
    </Chart>
  );
}
