import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { Churn } from './Churn.ts';

/** A process of its own for the trial, which may have a limit on descriptors: prints what it found as JSON. */
const [folder = '', seed = '0', seconds = '1'] = process.argv.slice(2);
const found = await new Churn(folder, new SeededRandom(Number(seed))).run(Number(seconds) * 1_000);
console.log(JSON.stringify(found));
