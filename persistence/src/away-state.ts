/**
 * Whether an SQLSTATE says that the database cannot serve now, whatever the statement: the connection
 * failed (08), it is out of resources (53), shutting down or overdue (57), its disk fails (58), or it
 * is a standby (25006).
 */
export function isAwayState(sqlState: string | undefined): boolean {
  return sqlState !== undefined && /^(08...|53...|57...|58...|25006)$/.test(sqlState);
}
