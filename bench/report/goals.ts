/** What a figure of a contestant is to be at most. */
export interface Goal {
  readonly title: string;
  readonly scenario: string;
  readonly key: string;
  readonly of: string;
  /** What the figure is divided by, in the same round: another contestant's, or another figure. */
  readonly against?: {
    readonly contestant?: string;
    readonly key?: string;
    /** Of that figure. */
    readonly title?: string;
  };
  /** Of an absolute figure, as the scenario has it. */
  readonly unit?: string;
  /** In that unit, or a ratio. Undefined: the figure is reported, and held against nothing. */
  readonly limit: number | undefined;
}

const tessera = { of: 'tessera-postgres' } as const;
const twoNodes = { of: 'tessera-two-nodes' } as const;
const stock = { contestant: 'hocuspocus' } as const;
const stockOnPostgres = { contestant: 'hocuspocus-postgres' } as const;
const stockTwoNodes = { contestant: 'hocuspocus-two-nodes' } as const;
const floor = { contestant: 'relay-frame-once' } as const;

export const goals: readonly Goal[] = [
  {
    title: 'CPU an update, steady',
    scenario: 'steady',
    key: 'cpuPerUpdateUs',
    ...tessera,
    against: stock,
    limit: 0.65,
  },
  {
    title: 'CPU an update, many boards',
    scenario: 'many-boards',
    key: 'cpuPerUpdateUs',
    ...tessera,
    against: stock,
    limit: 0.7,
  },
  {
    title: 'CPU a delivered frame, 500 observers',
    scenario: 'observers-500',
    key: 'cpuPerFrameUs',
    ...tessera,
    against: floor,
    limit: 1.15,
  },
  {
    title: 'Ack of a durable edit at 1,000/s, p50',
    scenario: 'durable-ack-1000',
    key: 'ackP50Ms',
    ...tessera,
    unit: 'ms',
    limit: 4,
  },
  {
    title: 'Ack of a durable edit at 1,000/s, p99',
    scenario: 'durable-ack-1000',
    key: 'ackP99Ms',
    ...tessera,
    unit: 'ms',
    limit: 15,
  },
  {
    title: 'The same beside a bare commit',
    scenario: 'durable-ack-1000',
    key: 'ackP99Ms',
    ...tessera,
    against: { key: 'commitP99Ms', title: 'a bare commit, p99' },
    limit: 3,
  },
  {
    title: 'Delay on the same node, p99',
    scenario: 'steady',
    key: 'delayP99Ms',
    ...tessera,
    against: stock,
    limit: 1,
  },
  {
    title: 'Delay to the other node, p50',
    scenario: 'steady',
    key: 'crossP50Ms',
    ...twoNodes,
    against: stockTwoNodes,
    limit: 1,
  },
  {
    title: 'Delay to the other node, p99',
    scenario: 'steady',
    key: 'crossP99Ms',
    ...twoNodes,
    against: stockTwoNodes,
    limit: 0.7,
  },
  {
    title: 'CPU of the presence of 500',
    scenario: 'presence-500',
    key: 'cpuShare',
    ...tessera,
    against: stock,
    limit: 0.15,
  },
  {
    title: 'Delay of the presence of 500, p95',
    scenario: 'presence-500',
    key: 'delayP95Ms',
    ...tessera,
    unit: 'ms',
    limit: 60,
  },
  {
    title: '100 join a board of 4 MB, p99',
    scenario: 'join-storm',
    key: 'warmP99Ms',
    ...tessera,
    against: stock,
    limit: 0.3,
  },
  {
    title: 'The same after a restart, p99',
    scenario: 'join-storm',
    key: 'coldP99Ms',
    ...tessera,
    against: stockOnPostgres,
    limit: 0.3,
  },
  {
    title: '100 join a board of 4 MB, memory at its peak',
    scenario: 'join-storm',
    key: 'warmPeakMiB',
    ...tessera,
    against: stock,
    limit: 0.5,
  },
  {
    title: 'The same after a restart, memory at its peak',
    scenario: 'join-storm',
    key: 'coldPeakMiB',
    ...tessera,
    against: stockOnPostgres,
    limit: 0.5,
  },
  {
    title: 'PostgreSQL bytes written a byte of edits, 1 MB board',
    scenario: 'write-amplification',
    key: 'pgBytesPerEditByte',
    ...tessera,
    unit: '×',
    limit: 3,
  },
  {
    title: 'Snapshot beside its JSON, one writer in turn',
    scenario: 'growth',
    key: 'turnStoredRatio',
    ...tessera,
    unit: '×',
    limit: 3,
  },
  {
    title: 'Snapshot beside its JSON, ten writers at random',
    scenario: 'growth',
    key: 'randomStoredRatio',
    ...tessera,
    unit: '×',
    limit: undefined,
  },
  {
    title: 'Memory of an idle socket',
    scenario: 'idle',
    key: 'socketKiB',
    ...tessera,
    unit: 'KiB',
    // 8 KB
    limit: 7.8,
  },
  {
    title: 'CPU of 10,000 idle sockets',
    scenario: 'idle',
    key: 'cpuShare',
    ...tessera,
    unit: '%',
    limit: 2,
  },
  {
    title: '5,000 reconnect after a crash: all are synced',
    scenario: 'reconnect-storm',
    key: 'allSyncedMs',
    ...tessera,
    unit: 'ms',
    limit: 10_000,
  },
  {
    title: '5,000 reconnect after a crash: the longest wait',
    scenario: 'reconnect-storm',
    key: 'waitMaxMs',
    ...tessera,
    unit: 'ms',
    limit: 15_000,
  },
  {
    title: 'Acked edits lost by kill -9',
    scenario: 'kill',
    key: 'lost',
    ...tessera,
    limit: 0,
  },
  {
    title: 'The same with the embedded store',
    scenario: 'kill',
    key: 'lost',
    of: 'tessera-embedded',
    limit: 0,
  },
];
