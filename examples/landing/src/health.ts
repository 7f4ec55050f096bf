/** What the node says of itself, for the pill at the top. */
export interface Health {
  readonly look: 'saved' | 'saving' | 'error';
  readonly text: string;
  readonly reasons: readonly string[];
}

interface Readiness {
  readonly status: 'ready' | 'degraded' | 'unready';
  readonly reasons: readonly string[];
}

const everyMs = 2_000;

/** Asks the node again and again, and at once when somebody comes back to the page. */
export function watchHealth(show: (health: Health) => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async () => {
    clearTimeout(timer);
    show(await askHealth());
    if (document.visibilityState === 'visible') timer = setTimeout(() => void look(), everyMs);
  };
  document.addEventListener('visibilitychange', () => void look());
  void look();
}

async function askHealth(): Promise<Health> {
  try {
    const response = await fetch('/readyz', { cache: 'no-store' });
    return describe((await response.json()) as Readiness);
  } catch (error) {
    // No answer, or one of something in between that is no JSON.
    return { look: 'error', text: 'The node does not answer', reasons: [(error as Error).message] };
  }
}

function describe({ status, reasons }: Readiness): Health {
  switch (status) {
    case 'ready':
      return { look: 'saved', text: 'This node is ready', reasons };
    case 'degraded':
      return { look: 'saving', text: reasons[0] ?? 'This node is slower than usual', reasons };
    case 'unready':
      return { look: 'error', text: reasons[0] ?? 'This node is not ready', reasons };
  }
}
