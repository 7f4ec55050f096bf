import { HeadsWatch } from '../../server/src/sync/heads-watch.ts';

/**
 * A node that is broken on purpose: it believes that every message of the other nodes arrives, and
 * never compares with the log. The tests with several nodes must notice; else they could not notice a
 * real fault either.
 */
HeadsWatch.prototype.look = () => undefined;

await import('../../server/src/main.ts');
