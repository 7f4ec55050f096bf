/** Which pages may talk to this node: asked with the headers `Origin` and `Host` of a request. */
export type OriginCheck = (origin: string | undefined, host: string | undefined) => boolean;

export interface OriginRules {
  /** Exact origins, or `*` for all. */
  allowed: readonly string[];
  production: boolean;
}

const LOOPBACK = /^(?:localhost|.+\.localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * Browsers say which page a request is of; other programs say nothing and pass, as they could say
 * anything. Pages of the node's own host pass, and outside production those of this machine.
 */
export function createOriginCheck({ allowed, production }: OriginRules): OriginCheck {
  const listed = new Set(allowed);
  return (origin, host) => {
    if (origin === undefined || listed.has('*') || listed.has(origin)) return true;
    const page = URL.parse(origin);
    // "null", for one: pages without an origin, such as files and sandboxed frames.
    if (page === null || page.host === '') return false;
    // Without its scheme, which is lost where a load balancer ends TLS.
    return page.host === host?.toLowerCase() || (!production && LOOPBACK.test(page.hostname));
  };
}
