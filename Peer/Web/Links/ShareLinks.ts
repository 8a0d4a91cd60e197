import * as v from 'valibot';
import type { FileId } from '../../../Protocol/Ids.ts';
import { diskCode, ShoalError } from '../../../Shared/ShoalError.ts';
import type { WallClock } from '../../../Shared/Time/Clock.ts';
import type { ShareLink } from '../../ContentModel.ts';

/** Links that may exist at a time. */
const LINKS_MAX = 1_000;

export interface ShareLinksOptions {
  /** Keeps a value between runs. `load` answers anything when there is none, or a damaged one. */
  readonly store: { load(): Promise<unknown>; save(value: unknown): Promise<void> };
  readonly wallMs: WallClock;
  /** Makes a secret that cannot be guessed. */
  readonly newSecret: () => string;
}

const STORED = v.object({
  links: v.array(
    v.object({
      number: v.pipe(v.number(), v.integer(), v.minValue(1)),
      secret: v.pipe(v.string(), v.regex(/^[\w-]{22,64}$/)),
      fileId: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      path: v.string(),
      size: v.number(),
      createdWallMs: v.number(),
      expiresWallMs: v.number(),
    }),
  ),
});

/** The share links of a peer. They are kept between runs, and end by themselves. */
export class ShareLinks {
  readonly #options: ShareLinksOptions;
  readonly #links = new Map<string, ShareLink>();
  /** Answers under way, by secret. */
  readonly #answers = new Map<string, Set<() => void>>();
  #saving: Promise<void> = Promise.resolve();

  constructor(options: ShareLinksOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const stored = v.safeParse(STORED, await this.#options.store.load());
    if (!stored.success) return;
    for (const link of stored.output.links.slice(-LINKS_MAX))
      this.#links.set(link.secret, { ...link, fileId: link.fileId as FileId });
  }

  /** Whether any link is valid now. */
  get any(): boolean {
    return this.list().length > 0;
  }

  /** Valid links, by number. */
  list(): readonly ShareLink[] {
    const nowMs = this.#options.wallMs();
    for (const { secret, expiresWallMs } of this.#links.values())
      if (expiresWallMs <= nowMs) this.#links.delete(secret);
    return [...this.#links.values()];
  }

  find(secret: string): ShareLink | undefined {
    const link = this.#links.get(secret);
    return link !== undefined && link.expiresWallMs > this.#options.wallMs() ? link : undefined;
  }

  /** Runs `stop` when the link is revoked during an answer. @returns a function that cancels: the answer has ended */
  onRevoked({ secret }: ShareLink, stop: () => void): () => void {
    const answers = this.#answers.get(secret) ?? new Set();
    this.#answers.set(secret, answers.add(stop));
    return () => {
      answers.delete(stop);
      if (answers.size === 0) this.#answers.delete(secret);
    };
  }

  /** @param validMs - time until it ends @throws ShoalError BUSY, DISK_FULL, DISK_FAILED */
  async create(content: Pick<ShareLink, 'fileId' | 'path' | 'size'>, validMs: number): Promise<ShareLink> {
    const { newSecret, wallMs } = this.#options;
    const links = this.list();
    if (links.length >= LINKS_MAX) {
      throw new ShoalError('BUSY', `there are ${LINKS_MAX} share links`, {
        hint: (command) => `Revoke one: ${command('link --revoke 1')}`,
      });
    }
    const { fileId, path, size } = content;
    const createdWallMs = wallMs();
    const number = (links.at(-1)?.number ?? 0) + 1;
    const link = {
      number,
      secret: newSecret(),
      fileId,
      path,
      size,
      createdWallMs,
      expiresWallMs: createdWallMs + validMs,
    };
    this.#links.set(link.secret, link);
    await this.#save();
    return link;
  }

  /** Ends a link, and the answers that are under way. @throws ShoalError NOT_FOUND, DISK_FULL, DISK_FAILED */
  async revoke(number: number): Promise<ShareLink> {
    const link = this.list().find((each) => each.number === number);
    if (link === undefined)
      throw new ShoalError('NOT_FOUND', `there is no share link ${number}`, {
        hint: (command) => `List them: ${command('link')}`,
      });
    this.#links.delete(link.secret);
    for (const stop of this.#answers.get(link.secret) ?? []) stop();
    await this.#save();
    return link;
  }

  async #save(): Promise<void> {
    const saved = this.#saving.then(() => this.#options.store.save({ links: this.list() }));
    this.#saving = saved.catch(() => {});
    await saved.catch((failure: unknown) => {
      throw new ShoalError(diskCode(failure), 'the share links hold for this run only: saving failed', {
        hint: (command) =>
          `Check the free space in your home, and that the state folder is writable. The valid links: ${command('link')}`,
        cause: failure,
      });
    });
  }
}
