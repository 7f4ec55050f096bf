import type { ErrorCode } from '@tessera/model';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ContentRule } from './content/objection.ts';
import { measureEventLoopLag, NEVER_MS } from './event-loop-lag.ts';
import type { FanoutMessage } from './fanout/message.ts';
import type { SeatLimit } from './limits/admission.ts';

/** What is read from the node whenever somebody asks for its metrics. */
export interface NodeGauges {
  boardsLoaded(): number;
  socketsOpen(): number;
  pendingBytes(): number;
  subscriptions(): number;
  peers(): number;
  wireIsUp(): boolean;
  logIsWritable(): boolean;
}

/** Of the process as a whole, which may run several nodes; made once, as its observers have no end. */
let ofProcess: Registry | undefined;

function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess, eventLoopMonitoringPrecision: NEVER_MS });
    measureEventLoopLag(ofProcess);
  }
  return ofProcess;
}

/** What a node counts, and how its process does. */
export class NodeMetrics {
  readonly registry = new Registry();
  readonly #published = this.#fanoutCounter('published', 'Messages sent to other nodes');
  readonly #received = this.#fanoutCounter('received', 'Messages of other nodes');
  readonly #unsent = this.#fanoutCounter('unsent', 'Messages that other nodes may not have got');
  readonly #logReads = new Counter({
    name: 'tessera_catch_up_reads_total',
    help: 'Reads of the log for commits of other nodes that did not come over the wire',
    registers: [this.registry],
  });

  readonly #refused = new Counter({
    name: 'tessera_refused_edits_total',
    help: 'Items and deletions that clients sent and may not write',
    registers: [this.registry],
  });
  readonly #refusedContent = new Counter({
    name: 'tessera_refused_content_total',
    help: 'Updates that were refused a part, or all, for what a board may hold, by the rule that was in the way',
    labelNames: ['rule'],
    registers: [this.registry],
  });
  readonly #quarantined = new Counter({
    name: 'tessera_quarantined_boards_total',
    help: 'Times that this node found a board that cannot be loaded, and marked it',
    registers: [this.registry],
  });
  readonly #slowReaders = new Counter({
    name: 'tessera_slow_readers_total',
    help: 'Times that a connection read so slowly that updates were put off, to be sent as one',
    registers: [this.registry],
  });
  readonly #heldBack = new Counter({
    name: 'tessera_held_back_total',
    help: 'Times that a connection was not read from for a while, as it or its user sent too fast',
    registers: [this.registry],
  });
  readonly #refusedSockets = new Counter({
    name: 'tessera_refused_sockets_total',
    help: 'Connections refused for want of a seat, by what there was too much of',
    labelNames: ['limit'],
    registers: [this.registry],
  });
  readonly #closed = new Counter({
    name: 'tessera_closed_total',
    help: 'Connections that this node has closed, or single boards on them, by the code of the error',
    labelNames: ['code'],
    registers: [this.registry],
  });
  readonly contentType = this.registry.contentType;

  constructor() {
    // From the start, as it measures how late the event loop runs.
    processMetrics();
  }

  /** Everything in the text format of Prometheus. */
  async text(): Promise<string> {
    return (await processMetrics().metrics()) + (await this.registry.metrics());
  }

  published(type: FanoutMessage['type']): void {
    this.#published.inc({ type });
  }

  received(type: FanoutMessage['type']): void {
    this.#received.inc({ type });
  }

  unsent(type: FanoutMessage['type']): void {
    this.#unsent.inc({ type });
  }

  logRead(): void {
    this.#logReads.inc();
  }

  heldBack(): void {
    this.#heldBack.inc();
  }

  refusedSocket(limit: SeatLimit): void {
    this.#refusedSockets.inc({ limit });
  }

  closed(code: ErrorCode): void {
    this.#closed.inc({ code });
  }

  quarantined(): void {
    this.#quarantined.inc();
  }

  slowReader(): void {
    this.#slowReaders.inc();
  }

  refused(parts: number): void {
    this.#refused.inc(parts);
  }

  refusedContent(rule: ContentRule): void {
    this.#refusedContent.inc({ rule });
  }

  watch(node: NodeGauges): void {
    this.#gauge('tessera_boards_loaded', 'Boards in memory', node.boardsLoaded);
    this.#gauge('tessera_sockets_open', 'Open WebSockets', node.socketsOpen);
    this.#gauge(
      'tessera_journal_pending_bytes',
      'Bytes of edits that are not committed yet',
      node.pendingBytes,
    );
    this.#gauge('tessera_journal_up', '1 while the log can be written', node.logIsWritable);
    this.#gauge(
      'tessera_fanout_subscriptions',
      'Boards that other nodes are heard about; equals tessera_boards_loaded while the wire works',
      node.subscriptions,
    );
    this.#gauge('tessera_fanout_peers', 'Other nodes that were heard of lately', node.peers);
    this.#gauge('tessera_fanout_up', '1 while the wire to other nodes works', node.wireIsUp);
  }

  #gauge(name: string, help: string, read: () => number | boolean): void {
    const registers = [this.registry];
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(Number(read()));
      },
    });
  }

  #fanoutCounter(verb: string, help: string): Counter<'type'> {
    return new Counter({
      name: `tessera_fanout_${verb}_total`,
      help,
      labelNames: ['type'],
      registers: [this.registry],
    });
  }
}
