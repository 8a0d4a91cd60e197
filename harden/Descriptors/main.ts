import { SeededRandom } from '../../Shared/SeededRandom.ts';
import { Churn } from './Churn.ts';

/** A separate process for the trial, which may have a limit on descriptors. Prints its result as JSON. */
const [folder = '', seed = '0', seconds = '1'] = process.argv.slice(2);
const found = await new Churn(folder, new SeededRandom(Number(seed))).run(Number(seconds) * 1_000);
console.log(JSON.stringify(found));
